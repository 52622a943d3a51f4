import { timingSafeEqual, createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Provider } from 'oidc-provider'
import { users } from '../facts.ts'
import type { Pages } from './pages.ts'

/** Bytes. A name and a password are shorter. */
const longest = 4096

/** Whether {@link signIn} responds to this request. */
export function isSignIn({ url = '' }: IncomingMessage): boolean {
  return url.startsWith('/sign-in/')
}

/**
 * The page where a user types name and password. The authorization server sends the browser here, and goes on when
 * they are right.
 */
export async function signIn(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
  pages: Pages,
): Promise<void> {
  const send = (status: number, page: string): void => {
    response.writeHead(status, pages.headers).end(page)
  }
  let interaction
  try {
    interaction = await provider.interactionDetails(request, response)
  } catch {
    send(
      400,
      pages.error(
        'session_not_found',
        'This sign-in has expired. Go back to the playground and start again.',
      ),
    )
    return
  }
  const hint = interaction.params['login_hint'] ?? ''
  if (request.method !== 'POST') {
    send(200, pages.signIn({ action: request.url ?? '', user: hint }))
    return
  }
  if (!(Number(request.headers['content-length']) <= longest)) {
    send(413, pages.error('too_long', `Name and password are at most ${longest} bytes together.`))
    return
  }
  const form = new URLSearchParams(await text(request))
  const user = form.get('login') ?? ''
  if (!isPassword(user, form.get('password') ?? '')) {
    send(
      401,
      pages.signIn({ action: request.url ?? '', user, problem: 'The name or the password is wrong.' }),
    )
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
