import { compact, type JsonObject, opened } from './tools.ts'
import type { Forger, ForgeryMaterial } from './types.ts'

/** The access token with some members changed; `undefined` removes one. */
async function changed(
  { accessToken, sign }: ForgeryMaterial,
  claims: JsonObject,
  header: JsonObject = {},
): Promise<string> {
  const token = opened(accessToken)
  const [newHeader, newClaims] = [
    { ...token.header, ...header },
    { ...token.claims, ...claims },
  ]
  return sign === undefined ? compact(newHeader, newClaims, token.signature) : sign(newClaims, newHeader)
}

const now = (): number => Math.floor(Date.now() / 1000)

/** Tokens that a true issuer could have made: each is refused for one claim or header parameter. */
export const byClaims: readonly Forger[] = [
  {
    name: 'another API',
    what: 'A token for another API of the same issuer is sent on to this one.',
    reason: 'audience',
    make: (it) => changed(it, { aud: 'https://payroll.example' }),
  },
  {
    name: 'ID token',
    what: 'The ID token, which tells the client who signed in, is sent as if it were an access token.',
    reason: 'type',
    make: ({ idToken }) => idToken,
  },
  {
    name: 'expired',
    what: 'The token is used an hour after its life ended.',
    reason: 'expired',
    make: (it) => changed(it, { iat: now() - 4500, exp: now() - 3600 }),
  },
  {
    name: 'not yet valid',
    what: 'The token is used an hour before its life begins.',
    reason: 'not_yet_valid',
    make: (it) => changed(it, { nbf: now() + 3600, exp: now() + 4500 }),
  },
  {
    name: 'no exp',
    what: 'The token has no end, so a thief could use it for ever.',
    reason: 'claim',
    make: (it) => changed(it, { exp: undefined }),
  },
  {
    name: 'wrong typ',
    what: 'The header says that this is another kind of token: a DPoP proof.',
    reason: 'type',
    make: (it) => changed(it, {}, { typ: 'dpop+jwt' }),
  },
  {
    name: 'critical extension',
    what: 'The header names an extension that a reader must understand or refuse (crit).',
    reason: 'malformed',
    make: (it) => changed(it, {}, { crit: ['exp'] }),
  },
]
