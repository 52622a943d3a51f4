import type { Party } from '../protocol.ts'

/** A request as far as its purpose shows in it. */
export interface Noted {
  readonly from: Party
  readonly to: Party
  readonly method: string
  readonly url: string
  readonly form: URLSearchParams
}

type Purpose = (noted: Noted) => string

const grants: Readonly<Record<string, string>> = {
  authorization_code:
    'The client exchanges the code for tokens. The verifier shows that it began this sign-in (PKCE).',
  refresh_token: 'The client exchanges its refresh token for new tokens. Each one works once.',
  client_credentials: 'A program obtains a token with credentials of its own. No user takes part.',
}

/** What each place is for, by method and path. The first that fits counts. */
const purposes: readonly (readonly [pattern: RegExp, purpose: string | Purpose])[] = [
  [/^GET \/\.well-known\/oauth-protected-resource/, 'The API says which authorization server it trusts.'],
  [
    /^GET \/\.well-known\//,
    ({ from }) => `${the(from)} learns where the endpoints of the authorization server are.`,
  ],
  [/^GET \/jwks/, ({ from }) => `${the(from)} fetches the public keys.`],
  [/^GET \/auth\/./, 'The sign-in was successful, and the browser is on its way back with a code.'],
  [/^GET \/auth\?/, 'The client sends the browser to sign in. The code challenge hides the verifier (PKCE).'],
  [/^GET \/sign-in\//, 'The sign-in page. The client never sees the password.'],
  [/^POST \/sign-in\//, 'Name and password go to the authorization server alone.'],
  [/^POST \/token$/, ({ form }) => grants[form.get('grant_type') ?? ''] ?? 'A request for tokens.'],
  [/^POST \/token\/revocation/, 'The client asks the authorization server to withdraw a token.'],
  [/^POST \/token\/introspection/, 'The client asks whether a token is still active.'],
  [/^GET \/session\/end/, 'The browser asks to sign out. No token is in the address.'],
  [/^POST \/session\/end/, 'The user confirms, and the session at the authorization server ends.'],
  [/^GET \/login/, 'The user wants to sign in.'],
  [/^GET \/callback/, 'The browser brings the code. It is of use to this client alone, once.'],
  [/^POST \/logout/, 'The user wants to sign out. The client forgets the session.'],
  [/^POST \/do\//, 'The page asks its server to do something. The page itself has no token.'],
  [/^POST \/backchannel-logout/, 'The authorization server tells the API that a session has ended.'],
  [/^POST \/sign-out/, 'The client tells the API that its token is not to be accepted any more.'],
]

/** Says in one sentence what a request is for. */
export function noteOf(noted: Noted): string {
  const { from, to, method, url } = noted
  if (from === 'Other site') return 'The other site makes the browser send this.'
  const line = `${method} ${url}`
  const purpose = purposes.find(([pattern]) => pattern.test(line))?.[1]
  if (purpose !== undefined) return typeof purpose === 'string' ? purpose : purpose(noted)
  return to === 'Client' ? 'The browser loads the page.' : `${the(from)} calls the API.`
}

function the(party: Party): string {
  return party === 'Express' || party === 'Fastify' || party === 'Koa'
    ? `The API on ${party}`
    : `The ${party.toLowerCase()}`
}
