import { scopes, users } from '../facts.ts'
import { escape, plainPage } from '../page/document.ts'

/** The authorization server's own pages. */
export interface Pages {
  /**
   * Asks for name and password.
   *
   * @param form.action where it is sent
   * @param form.user filled in already, with the password, since this is a playground
   * @param form.problem what was wrong with the last try
   */
  signIn(form: { readonly action: string; readonly user: string; readonly problem?: string }): string
  /** Asks whether the user wants to sign out. @param form the provider's own form, without a button */
  signOut(user: string, form: string): string
  /** Says what went wrong. */
  error(error: string, description: string): string
  /** Headers of all of them. */
  readonly headers: Readonly<Record<string, string>>
}

/** Makes the pages of one server. @param client the client's URL, where forms end */
export function makePages(issuer: string, client: string): Pages {
  const page = (title: string, body: string): string =>
    plainPage({ title, body, who: `Authorization server, ${issuer}` })
  return {
    signIn: ({ action, user, problem }) =>
      page(
        'Sign in',
        `<p>The client <strong>playground</strong> requests access: ${codes(scopes)}. You grant it what you may do yourself. It never sees your password.</p>
${problem === undefined ? '' : `<p role="alert">${escape(problem)}</p>`}
<form method="post" action="${escape(action)}">
<label>Name <input name="login" value="${escape(user)}" autocomplete="username" required></label>
<label>Password <input name="password" type="password" value="${escape(users[user]?.password ?? '')}" autocomplete="current-password" required></label>
<button type="submit" class="primary">Sign in</button>
</form>
<h2>Who can sign in</h2>
<table><thead><tr><th scope="col">Name</th><th scope="col">Password</th><th scope="col">May</th></tr></thead>
<tbody>${people()}</tbody></table>`,
      ),
    signOut: (user, form) =>
      page(
        'Sign out?',
        `<p>${escape(user)}, the client has ended its session. Do you want to sign out here too? Then the APIs are told, and refuse the tokens of this session.</p>${form}
<p class="buttons"><button type="submit" class="primary" form="op.logoutForm" name="logout" value="yes">Yes, sign out</button>
<button type="submit" form="op.logoutForm">No, stay signed in</button></p>`,
      ),
    error: (error, description) =>
      page(
        'That did not work',
        `<p><strong>${escape(error)}</strong>: ${escape(description)}</p>
<p><a class="button primary" href="${escape(client)}/">Back to the playground</a></p>`,
      ),
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      // Browsers apply form-action to the redirects that follow a form, too.
      'content-security-policy': `default-src 'none'; style-src 'unsafe-inline'; form-action 'self' ${client}; frame-ancestors 'none'; base-uri 'none'`,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'same-origin',
    },
  }
}

function people(): string {
  return Object.entries(users)
    .map(
      ([name, { password, may }]) =>
        `<tr><th scope="row">${escape(name)}</th><td><code>${escape(password)}</code></td><td>${escape(may)}</td></tr>`,
    )
    .join('')
}

function codes(names: readonly string[]): string {
  return names.map((name) => `<code>${escape(name)}</code>`).join(', ')
}
