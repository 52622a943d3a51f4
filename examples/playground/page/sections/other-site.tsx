import type { VNode } from 'preact'
import { useLiveState, usePlayground } from '../playground.ts'

/** Attacks from a page of another site, as the client's server saw them. */
export function OtherSite(): VNode {
  useLiveState()
  const { state } = usePlayground()
  const { otherSite, attacks } = state
  return (
    <>
      <p class="lead">
        Your browser sends cookies along, also when the request comes from a page of someone else. That is how
        another site could act in your name. Open one, and let it try.
      </p>
      <p class="buttons">
        <a class="button primary" href={otherSite} target="_blank" rel="noopener">
          Open the other site (new tab)
        </a>
      </p>
      <p>
        The client’s server asks for three things: the cookie is <code>SameSite=Strict</code>, the browser
        says that the request comes from this very site (<code>Sec-Fetch-Site</code>), and the body is JSON,
        which a form cannot send.
      </p>
      <section aria-labelledby="attacks" aria-live="polite">
        <h3 id="attacks">What reached the client’s server</h3>
        {attacks.length === 0 ? (
          <p class="quiet">Nothing yet. Requests of the other site appear here within a second.</p>
        ) : (
          <ul class="attacks">
            {attacks.map(({ name, seen, refused, because }, index) => (
              <li key={attacks.length - index} class={refused ? 'refused' : 'let-through'}>
                <p class="what">
                  <span class="mark-small">{refused ? 'refused' : 'let through, as it does no harm'}</span>{' '}
                  <strong>{name}</strong>
                </p>
                <p>{because}</p>
                <ul class="lines">
                  {seen.map((line) => (
                    <li key={line}>
                      <code>{line}</code>
                    </li>
                  ))}
                </ul>
              </li>
            ))}
          </ul>
        )}
      </section>
    </>
  )
}
