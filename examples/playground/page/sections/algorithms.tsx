import type { VNode } from 'preact'
import { ActionButton } from '../controls.tsx'
import { usePlayground } from '../playground.ts'

/** Two keys or one: who can verify, and who could forge. */
export function Algorithms(): VNode {
  const { result } = usePlayground()
  const comparison = result?.outcome.comparison
  return (
    <>
      <p class="lead">
        RS256 has two keys. The authorization server signs with its private key; everyone may have the public
        one to verify. HS256 has one secret for both: whoever can verify can also forge.
      </p>
      <p class="buttons">
        <ActionButton action="algorithms" details={{}} primary>
          Try both
        </ActionButton>
      </p>
      {comparison === undefined ? (
        <p class="quiet">Both are tried for real: tokens are signed, verified and forged on the server.</p>
      ) : (
        <div class="cards algorithms">
          {comparison.map(({ algorithm, signedBy, canVerify, couldForge, tried }) => (
            <section key={algorithm} class="card" aria-labelledby={algorithm}>
              <h3 id={algorithm}>{algorithm}</h3>
              <dl>
                <dt>Signs</dt>
                <dd>{signedBy}</dd>
                <dt>Can verify</dt>
                <dd>
                  <Parties of={canVerify} />
                </dd>
                <dt>Could forge</dt>
                <dd class="forge">
                  <Parties of={couldForge} />
                </dd>
                <dt>Tried</dt>
                <dd>{tried}</dd>
              </dl>
            </section>
          ))}
        </div>
      )}
    </>
  )
}

function Parties({ of }: { readonly of: readonly string[] }): VNode {
  if (of.length === 0) return <>Nobody.</>
  return (
    <ul>
      {of.map((party) => (
        <li key={party}>{party}</li>
      ))}
    </ul>
  )
}
