import type { VNode } from 'preact'
import { ActionButton, SignInFirst } from '../controls.tsx'
import { usePlayground } from '../playground.ts'

/** Tokens that are forged on the server, by name. */
export function Forgeries(): VNode {
  const { state, result } = usePlayground()
  const unless = state.accessToken === undefined ? 'Sign in first' : undefined
  const last = result?.action === 'forge' ? result.outcome : undefined
  return (
    <>
      <p class="lead">
        Each button makes a forged token on the client’s server and sends it to all three APIs. Every one has
        to be refused, and the checks say by what.
      </p>
      {unless === undefined ? null : <SignInFirst to="since most forgeries start from a real token" />}
      <ul class="routes forgeries">
        {state.forgeries.map(({ name, what }) => (
          <li key={name}>
            <span class="route">
              <strong>{name}</strong> <span class="needs">{what}</span>
            </span>
            <ActionButton action="forge" details={{ name }} label={`Forge: ${name}`} unless={unless}>
              Forge
            </ActionButton>
          </li>
        ))}
      </ul>
      {last === undefined ? null : (
        <p class="quiet">The forged token itself is in the result, below the checks.</p>
      )}
    </>
  )
}
