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
    ([name, { password, may }]) => `<li><b>${name}</b>, password <b>${password}</b>: may ${may}</li>`,
  )
  return page(
    'Sign in',
    `<p>The client <b>playground</b> requests access: ${scopes.join(', ')}. You grant it what you may do yourself.</p>
${problem === undefined ? '' : `<p role="alert">${escape(problem)}</p>`}
<form method="post" action="${escape(action)}">
<p><label>Name <input name="login" value="${escape(user)}" autocomplete="username" required></label></p>
<p><label>Password <input name="password" type="password" value="${escape(users[user]?.password ?? '')}" autocomplete="current-password" required></label></p>
<p><button type="submit">Sign in</button></p>
</form>
<ul>${people.join('')}</ul>`,
  )
}

/** Asks whether the user wants to sign out. @param form the provider's own form, without a button */
export function signOutPage(user: string, form: string): string {
  return page(
    'Sign out',
    `<p>${escape(user)}, do you want to sign out of the authorization server too?</p>${form}
<p><button type="submit" form="op.logoutForm" name="logout" value="yes">Yes, sign out</button>
<button type="submit" form="op.logoutForm">No, stay signed in</button></p>`,
  )
}

/** Says what went wrong at the authorization server. */
export function errorPage(error: string, description: string): string {
  return page('That did not work', `<p><b>${escape(error)}</b>: ${escape(description)}</p>`)
}

function page(title: string, content: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title></head><body><main><h1>${title}</h1>${content}</main></body></html>`
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
