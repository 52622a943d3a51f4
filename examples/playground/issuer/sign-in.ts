import { timingSafeEqual, createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Provider } from 'oidc-provider'
import { users } from '../facts.ts'
import { errorPage, signInPage } from './pages.ts'

/** Whether {@link signIn} responds to this request. */
export function isSignIn({ url = '' }: IncomingMessage): boolean {
  return url.startsWith('/sign-in/')
}

/**
 * The page where a user types name and password. The authorization server sends the browser here, and goes on when
 * they are right.
 *
 * @param client the client's URL, where the browser ends up
 */
export async function signIn(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
  client: string,
): Promise<void> {
  const send = (status: number, page: string): void => {
    response.writeHead(status, pageHeaders(client)).end(page)
  }
  let interaction
  try {
    interaction = await provider.interactionDetails(request, response)
  } catch {
    send(
      400,
      errorPage('session_not_found', 'This sign-in has expired. Go back to the playground and start again.'),
    )
    return
  }
  const hint = interaction.params['login_hint'] ?? ''
  if (request.method !== 'POST') {
    send(200, signInPage({ action: request.url ?? '', user: hint }))
    return
  }
  const form = new URLSearchParams(await text(request))
  const user = form.get('login') ?? ''
  if (!isPassword(user, form.get('password') ?? '')) {
    send(401, signInPage({ action: request.url ?? '', user, problem: 'The name or the password is wrong.' }))
    return
  }
  await provider.interactionFinished(request, response, { login: { accountId: user } })
}

/** Takes the same time whether the user exists or not. */
function isPassword(user: string, password: string): boolean {
  const known = Object.hasOwn(users, user) ? users[user]?.password : undefined
  const digest = (value: string): Buffer => createHash('sha256').update(value).digest()
  return timingSafeEqual(digest(known ?? ''), digest(password)) && known !== undefined
}

function pageHeaders(client: string): Record<string, string> {
  return {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    // Browsers apply form-action to the redirects that follow a form, too.
    'content-security-policy': `default-src 'none'; style-src 'unsafe-inline'; form-action 'self' ${client}; frame-ancestors 'none'`,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'same-origin',
  }
}
