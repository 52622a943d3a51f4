import { hurriedClient, apiScope, siblingApi } from './registrations.ts'
import { clientCredentials, signIn } from './tokens.ts'

/** What every API is asked. */
export const routes = ['GET /public', 'GET /me', 'GET /reports', 'DELETE /reports/7'] as const

/**
 * How each token should fare at each of the `routes`: the status, then the scheme and the error of the challenge
 * where there should be one.
 */
export const expectations = {
  "good, a user's": ['200', '200', '200', '204'],
  "good, a program's": ['200', '200', '200', '403'],
  'missing scope': ['200', '200', '403 Bearer insufficient_scope', '204'],
  'missing role': ['200', '200', '200', '403'],
  expired: ['200', ...everywhere('401 Bearer invalid_token')],
  tampered: ['200', ...everywhere('401 Bearer invalid_token')],
  'for a sibling API': ['200', ...everywhere('401 Bearer invalid_token')],
  'an ID token': ['200', ...everywhere('401 Bearer invalid_token')],
  none: ['200', ...everywhere('401 Bearer')],
} satisfies Record<string, readonly [string, string, string, string]>

function everywhere(outcome: string): [string, string, string] {
  return [outcome, outcome, outcome]
}

/** Names of the tokens presented. */
export type TokenName = keyof typeof expectations

/** Obtains one token of each kind. Each bad one is a good one but for what its name says. */
export async function obtainTokens(issuer: string): Promise<Record<TokenName, string | undefined>> {
  const [user, program, expired, unscoped, reader, sibling] = await Promise.all([
    signIn(issuer, { user: 'alice', scope: apiScope }),
    clientCredentials(issuer, 'reports:read'),
    signIn(issuer, { user: 'alice', scope: apiScope, client: hurriedClient }),
    signIn(issuer, { user: 'alice', scope: 'reports:write' }),
    signIn(issuer, { user: 'bob', scope: apiScope }),
    signIn(issuer, { user: 'alice', scope: apiScope, resource: siblingApi }),
  ])
  await expiry(expired.access_token)
  return {
    "good, a user's": user.access_token,
    "good, a program's": program.access_token,
    'missing scope': unscoped.access_token,
    'missing role': reader.access_token,
    expired: expired.access_token,
    tampered: promote(reader.access_token),
    'for a sibling API': sibling.access_token,
    'an ID token': user.id_token,
    none: undefined,
  }
}

/** Makes an administrator of whom the token speaks, as a forger would who has no key. */
function promote(token: string): string {
  const [header = '', , signature = ''] = token.split('.')
  const claims = Buffer.from(JSON.stringify({ ...decode(token), roles: ['admin'] }))
  return `${header}.${claims.toString('base64url')}.${signature}`
}

async function expiry(token: string): Promise<void> {
  const milliseconds = decode(token).exp * 1000 - Date.now()
  await new Promise((done) => setTimeout(done, milliseconds + 1))
}

function decode(token: string): { readonly exp: number } {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { exp: number }
}
