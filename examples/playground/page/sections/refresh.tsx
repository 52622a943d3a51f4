import type { VNode } from 'preact'
import { ActionButton, Note, SignInFirst } from '../controls.tsx'
import { usePlayground } from '../playground.ts'
import { Lifetime } from '../token-view.tsx'
import { SignOut } from './sign-in.tsx'

/** The end of a token: exchanged, withdrawn, revoked, signed out. */
export function Refresh(): VNode {
  const { state } = usePlayground()
  const out = state.user === undefined
  const unless = out ? 'Sign in first' : undefined
  const withoutOld = state.previousAccessToken === undefined ? 'There is no old token yet' : undefined
  return (
    <>
      <p class="lead">
        An access token lives for minutes. The client gets the next one with its refresh token, which works
        only once.
      </p>
      {out ? <SignInFirst to="to have a token" /> : null}
      {state.accessToken === undefined ? null : <Lifetime token={state.accessToken} />}
      <section class="step-card">
        <h3>Refresh</h3>
        <p>
          The client sends the refresh token, and gets a new access token and a new refresh token (rotation).{' '}
          {state.refreshes === undefined || state.refreshes === 0
            ? 'That has not happened yet.'
            : `Exchanged since sign-in: ${state.refreshes}.`}
        </p>
        <p class="buttons">
          <ActionButton action="refresh" details={{}} primary unless={unless}>
            Refresh
          </ActionButton>
        </p>
      </section>
      <section class="step-card">
        <h3>Use an old refresh token again</h3>
        <p>
          As a thief would. The authorization server cannot tell who of the two is the thief, so it withdraws
          every token of the family. You have to sign in again.
        </p>
        <p class="buttons">
          <ActionButton
            action="reuse-refresh"
            details={{}}
            unless={unless ?? (state.refreshes === 0 ? 'Refresh first' : undefined)}
          >
            Reuse the old one
          </ActionButton>
        </p>
      </section>
      <section class="step-card">
        <h3>Revoke the access token</h3>
        <p>
          A JWT is valid until it expires, whatever happened since. To refuse it sooner, the APIs need to
          know: they keep a list of what was revoked, for as long as a token can live.
        </p>
        <p class="buttons">
          <ActionButton action="revoke" details={{}} unless={unless}>
            Revoke it
          </ActionButton>
          <ActionButton action="call" details={{ route: 'GET /me' }} unless={unless}>
            Call GET /me
          </ActionButton>
        </p>
      </section>
      <section class="step-card">
        <h3>Sign out</h3>
        <p>
          The client forgets its session, and the authorization server tells the APIs (back-channel logout).
          No token is put into a URL. Then try the old access token, which has not expired.
        </p>
        <div class="buttons">
          {out ? null : <SignOut />}
          <ActionButton
            action="call"
            details={{ route: 'GET /me', token: 'previous' }}
            primary={out}
            unless={withoutOld}
          >
            Try the old token
          </ActionButton>
        </div>
        {state.previousAccessToken === undefined ? null : (
          <Note>
            <p>The old access token, by its own claim:</p>
            <Lifetime token={state.previousAccessToken} />
          </Note>
        )}
      </section>
    </>
  )
}
