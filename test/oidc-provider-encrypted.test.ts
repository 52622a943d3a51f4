/* Tokens that oidc-provider signs and then encrypts to the API, with keys and algorithms of each kind. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { createServer } from 'node:http'
import { createResourceServer, type DecryptionOptions, isAuthError, type Jwk } from 'oauth-resource-server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { running, type Running } from '../examples/demo/running.ts'
import { audience, authorizationServer } from '../examples/sender-constrained/authorization-server.ts'

const client = { client_id: 'nightly-job', client_secret: 'for-loopback-only' }

type Pair = { readonly publicKey: KeyObject; readonly privateKey: KeyObject }
const pairs = {
  rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  p256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  p521: generateKeyPairSync('ec', { namedCurve: 'P-521' }),
  x25519: generateKeyPairSync('x25519'),
} satisfies Record<string, Pair>

type Alg = DecryptionOptions['algorithms'][number]
type Enc = DecryptionOptions['encryption'][number]
const kinds: readonly (readonly [key: keyof typeof pairs, alg: Alg, enc: Enc])[] = [
  ['rsa', 'RSA-OAEP-256', 'A256GCM'],
  ['rsa', 'RSA-OAEP-512', 'A128CBC-HS256'],
  ['rsa', 'RSA-OAEP', 'A128GCM'],
  ['p256', 'ECDH-ES', 'A256CBC-HS512'],
  ['p256', 'ECDH-ES+A128KW', 'A192GCM'],
  ['p521', 'ECDH-ES+A256KW', 'A192CBC-HS384'],
  ['x25519', 'ECDH-ES', 'A128GCM'],
  ['x25519', 'ECDH-ES+A192KW', 'A256GCM'],
]

let server: Running
/** How the next token is encrypted. */
let encrypt: object
beforeAll(async () => {
  const http = createServer()
  server = await running('authorization server', http.listen(0, '127.0.0.1'))
  const provider = authorizationServer(server.url, {
    client: { ...client, grant_types: ['client_credentials'], redirect_uris: [], response_types: [] },
    features: {
      clientCredentials: { enabled: true },
      encryption: { enabled: true },
      resourceIndicators: {
        getResourceServerInfo: () => ({
          scope: 'reports:read',
          audience,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'ES256' }, encrypt },
        }),
      },
    },
  })
  http.on('request', provider.callback())
})
afterAll(() => server.close())

async function newToken(): Promise<string> {
  const credentials = Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64')
  const response = await fetch(`${server.url}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${credentials}` },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      scope: 'reports:read',
      resource: audience,
    }),
  })
  const { access_token: token } = (await response.json()) as { access_token: string }
  return token
}

const jwkOf = (pair: Pair, kid: string): Jwk => ({ ...pair.privateKey.export({ format: 'jwk' }), kid })

async function outcome(token: string, decryption?: DecryptionOptions): Promise<string> {
  const api = createResourceServer({ issuer: server.url, audience, decryption })
  try {
    const { subject, scopes, header } = await api.verify(token)
    return [subject, ...scopes, header?.alg].join(' ')
  } catch (error) {
    if (!isAuthError(error)) throw error
    return `${error.status} ${error.reason}`
  }
}

describe.each(kinds)(
  'a token of oidc-provider that is encrypted to a key %s with %s and %s',
  (name, alg, enc) => {
    const keys = [jwkOf(pairs[name], 'current')]
    let token: string
    beforeAll(async () => {
      encrypt = { alg, enc, kid: 'current', key: pairs[name].publicKey }
      token = await newToken()
    })

    it('is the signed token inside', async () => {
      expect(token.split('.')).toHaveLength(5)
      const decryption = { keys, algorithms: [alg], encryption: [enc], required: true }
      expect(await outcome(token, decryption)).toBe('nightly-job reports:read ES256')
    })

    it('is refused without keys, with another key of that kid, and where its enc was not agreed', async () => {
      expect(await outcome(token)).toBe('401 malformed')
      const { type, asymmetricKeyDetails: details } = otherOf(pairs[name])
      expect([type, details]).toEqual(['private', pairs[name].privateKey.asymmetricKeyDetails])
      const other = [{ ...otherOf(pairs[name]).export({ format: 'jwk' }), kid: 'current' } as Jwk]
      expect(await outcome(token, { keys: other, algorithms: [alg], encryption: [enc] })).toBe(
        '401 malformed',
      )
      const agreed = enc === 'A256GCM' ? 'A128GCM' : 'A256GCM'
      expect(await outcome(token, { keys, algorithms: [alg], encryption: [agreed] })).toBe('401 malformed')
    })
  },
)

/** Another private key of the same kind. */
function otherOf({ privateKey }: Pair): KeyObject {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details = {} } = privateKey
  if (type === 'rsa') return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  if (type === 'x25519') return generateKeyPairSync('x25519').privateKey
  return generateKeyPairSync('ec', { namedCurve: details.namedCurve ?? '' }).privateKey
}
