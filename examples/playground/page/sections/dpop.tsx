import type { VNode } from 'preact'
import { ActionButton, SignInFirst } from '../controls.tsx'
import { usePlayground } from '../playground.ts'

/** A token that is bound to a key, and what a thief could do with it. */
export function Dpop(): VNode {
  const { state } = usePlayground()
  const unless = state.user === undefined ? 'Sign in first' : undefined
  const unbound = unless ?? (state.dpop ? undefined : 'Get a bound token first')
  return (
    <>
      <p class="lead">
        Whoever holds a Bearer token can use it. With DPoP (RFC 9449) the token is bound to a key: each
        request carries a proof, signed with that key, for this method, this URL and this moment.
      </p>
      {unless === undefined ? null : <SignInFirst to="to have a token that can be bound" />}
      <section class="step-card">
        <h3>1. Get a bound token, and call with a proof</h3>
        <p>The key is made by the client’s server and never leaves it.</p>
        <p class="buttons">
          <ActionButton action="dpop" details={{}} primary unless={unless}>
            Bind and call GET /me
          </ActionButton>
        </p>
      </section>
      <section class="step-card">
        <h3>2. Send the same proof once more</h3>
        <p>As somebody would who recorded the request. A proof is good for one request.</p>
        <p class="buttons">
          <ActionButton action="dpop-replay" details={{ as: 'proof' }} unless={unbound}>
            Replay the proof
          </ActionButton>
        </p>
      </section>
      <section class="step-card">
        <h3>3. Send the token without its proof</h3>
        <p>As somebody would who stole the token, but not the key.</p>
        <p class="buttons">
          <ActionButton action="dpop-replay" details={{ as: 'bearer' }} unless={unbound}>
            Send it as a Bearer token
          </ActionButton>
        </p>
      </section>
    </>
  )
}
