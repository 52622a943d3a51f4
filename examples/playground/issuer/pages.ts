import { escape, plainPage } from '../page/document.ts'
import { scopes, users } from '../facts.ts'

/** What the sign-in page shows. */
export interface SignInPage {
  /** Where the form is sent. */
  readonly action: string
  /** Filled in already. */
  readonly user: string
  /** What was wrong with the last try. */
  readonly problem?: string
}

/** The authorization server's sign-in page. */
export function signInPage({ action, user, problem }: SignInPage): string {
  const people = Object.entries(users).map(
    ([name, { password, may }]) =>
      `<tr><th scope="row">${name}</th><td><code>${password}</code></td><td>${may}</td></tr>`,
  )
  return page(
    'Sign in',
    `<p>The client <strong>playground</strong> requests access: ${scopes.map((scope) => `<code>${scope}</code>`).join(', ')}. You grant it what you may do yourself. It never sees your password.</p>
${problem === undefined ? '' : `<p role="alert">${escape(problem)}</p>`}
<form method="post" action="${escape(action)}">
<label>Name <input name="login" value="${escape(user)}" autocomplete="username" required></label>
<label>Password <input name="password" type="password" value="${escape(users[user]?.password ?? '')}" autocomplete="current-password" required></label>
<button type="submit" class="primary">Sign in</button>
</form>
<h2>Who can sign in</h2>
<table><thead><tr><th scope="col">Name</th><th scope="col">Password</th><th scope="col">May</th></tr></thead>
<tbody>${people.join('')}</tbody></table>`,
  )
}

/** Asks whether the user wants to sign out. @param form the provider's own form, without a button */
export function signOutPage(user: string, form: string): string {
  return page(
    'Sign out',
    `<p>${escape(user)}, do you want to sign out of the authorization server too?</p>${form}
<p class="buttons"><button type="submit" class="primary" form="op.logoutForm" name="logout" value="yes">Yes, sign out</button>
<button type="submit" form="op.logoutForm">No, stay signed in</button></p>`,
  )
}

/** Says what went wrong at the authorization server. */
export function errorPage(error: string, description: string): string {
  return page('That did not work', `<p><b>${escape(error)}</b>: ${escape(description)}</p>`)
}

function page(title: string, body: string): string {
  return plainPage({ title, body, who: 'The authorization server' })
}
