import type { VNode } from 'preact'
import { ActionButton, Note } from '../controls.tsx'
import { usePlayground } from '../playground.ts'
import { type FirstStep, firstSteps } from '../progress.ts'

/** Who is signed in, who can, and the first steps. */
export function SignIn({ done }: { readonly done: ReadonlySet<FirstStep> }): VNode {
  const { state } = usePlayground()
  return (
    <>
      <p class="lead">
        A whole OAuth 2 system runs on this machine: an authorization server, this client, and one API on
        Express, Fastify and Koa. Sign in, call the API, and see every check that it makes.
      </p>
      {state.user === undefined ? <Users /> : <SignedIn />}
      <FirstSteps done={done} />
      <h3>Or as a program, without a user</h3>
      <p>
        A nightly job has nobody to sign in. It gets a token with its own id and secret (client credentials).
        Such a token has scopes, but no user’s roles.
      </p>
      <p class="buttons">
        <ActionButton action="client-credentials" details={{ route: 'GET /reports' }}>
          Read the reports as a program
        </ActionButton>
        <ActionButton action="client-credentials" details={{ route: 'DELETE /reports/1' }}>
          Delete one as a program
        </ActionButton>
      </p>
    </>
  )
}

function Users(): VNode {
  const { state } = usePlayground()
  return (
    <ul class="cards users">
      {state.users.map(({ name, roles, may }) => (
        <li key={name}>
          <h3>{name}</h3>
          <p>
            {roles.map((role) => (
              <span key={role} class="chip">
                {role}
              </span>
            ))}
          </p>
          <p>May {may}.</p>
          <a class="button primary" href={`/login?user=${encodeURIComponent(name)}`}>
            Sign in as {name}
          </a>
        </li>
      ))}
    </ul>
  )
}

function SignedIn(): VNode {
  const { state } = usePlayground()
  const { user } = state
  return (
    <div class="card signed-in">
      <h3>You are signed in as {user?.name}</h3>
      <p>
        {user?.roles.map((role) => (
          <span key={role} class="chip">
            {role}
          </span>
        ))}
      </p>
      <p>
        The tokens are on the client’s server. This page has only a cookie, <code>__Host-session</code>, that
        no script can read (<code>HttpOnly</code>), no other site can send (<code>SameSite=Strict</code>), and
        no plain HTTP can carry (<code>Secure</code>). In the local storage, every script of the page could
        read them. All of this needs HTTPS: whoever reads a token on its way can use it.
      </p>
      <p class="buttons">
        <a class="button primary" href="#/token">
          Look at the token
        </a>
        <a class="button" href="#/diagram">
          See the sign-in drawn
        </a>
        <SignOut />
      </p>
    </div>
  )
}

/** Signs out at the client and at the authorization server. No token is in a URL on the way. */
export function SignOut(): VNode {
  return (
    <form method="post" action="/logout">
      <button type="submit">Sign out</button>
    </form>
  )
}

function FirstSteps({ done }: { readonly done: ReadonlySet<FirstStep> }): VNode {
  return (
    <Note>
      <h3>Five minutes, five steps</h3>
      <ol class="first-steps">
        {firstSteps.map(({ name, text, section }) => (
          <li key={name} class={done.has(name) ? 'done' : undefined}>
            <a href={`#/${section}`}>{text}</a>
            {done.has(name) ? <span class="tick"> done</span> : null}
          </li>
        ))}
      </ol>
    </Note>
  )
}
