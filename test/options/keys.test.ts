import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { checkCommonAlgorithms, keySettings, type KeySettings } from '../../src/options/keys.ts'

const secret = 's'.repeat(64)
const publicKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })
const jwks = { keys: [{ ...publicKey, kid: 'a' }] }
const jwksUri = 'https://issuer.test/keys'
const metadataUrl = 'https://issuer.test/metadata'
const at = (name: string): string => `issuers[0].${name}`
const settings = (options: object): KeySettings => keySettings(options as never, at, ['keycloak'])

const asymmetric = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
]

describe('the keys of an issuer', () => {
  it.each<[string, object, object]>([
    ['metadata', {}, { from: 'metadata', url: undefined }],
    ['a URL of metadata', { metadataUrl }, { from: 'metadata', url: metadataUrl }],
    ['a URL', { jwksUri }, { from: 'uri', uri: jwksUri }],
    ['http, where it is allowed', { jwksUri: 'http://keycloak/' }, { from: 'uri', uri: 'http://keycloak/' }],
    ['a set', { jwks }, { from: 'set', set: { keys: [{ kid: 'a' }] } }],
    ['one key', { publicKey }, { from: 'set', set: { keys: [{ kid: undefined }] } }],
  ])('are in %s', (_what, options, expected) => {
    const { keys, algorithms } = settings(options)
    expect(keys).toMatchObject({ public: expected, secrets: [] })
    expect(algorithms).toEqual(asymmetric)
  })

  it('may be a secret alone, for what it is long enough for', () => {
    const found = settings({ secret })
    expect(found.algorithms).toEqual(['HS256', 'HS384', 'HS512'])
    expect(found.keys.public).toBeUndefined()
    expect(found.keys.secrets).toHaveLength(1)
    expect(settings({ secret, algorithms: ['HS384'] }).algorithms).toEqual(['HS384'])
  })

  it('may be of both kinds, where the algorithms are', () => {
    const both = ['HS256', 'ES256']
    for (const place of [{ jwks }, { publicKey }, { jwksUri }, { metadataUrl }, {}]) {
      const { keys, algorithms } = settings({ ...place, secret, algorithms: both })
      expect(algorithms).toEqual(both)
      expect(keys.public).toBeDefined()
      expect(keys.secrets[0]?.key.algorithms).toEqual(['HS256'])
    }
  })

  it("are for the algorithms of profile 'fapi2'", () => {
    const profile = 'fapi2'
    expect(settings({ profile }).algorithms).toEqual(['PS256', 'ES256', 'EdDSA', 'Ed25519'])
    expect(settings({ profile, algorithms: ['ES256'] }).algorithms).toEqual(['ES256'])
  })

  const both =
    "list the algorithms of both in algorithms, for example ['HS256', 'RS256']; alg then decides which of the two is used"
  const mistakes: readonly [options: object, message: string][] = [
    [{ jwksUri, jwks }, 'jwksUri and jwks: public keys come from one place; set one of them'],
    [
      { publicKey, metadataUrl },
      'publicKey and metadataUrl: public keys come from one place; set one of them',
    ],
    [{ secret, jwks }, `secret and jwks: ${both}`],
    [{ secret, metadataUrl }, `secret and metadataUrl: ${both}`],
    [
      { secret, profile: 'fapi2' },
      "secret: profile 'fapi2' accepts signatures of public keys alone; drop it",
    ],
    [
      { algorithms: ['RS256'], profile: 'fapi2' },
      "algorithms: profile 'fapi2' permits PS256, ES256, EdDSA, Ed25519; drop RS256",
    ],
    [{ algorithms: [] }, 'algorithms: must be a list of at least one string, none of them empty'],
    [
      { algorithms: ['ES256', 'none'] },
      'algorithms: "none" is not an algorithm that can be accepted; name RS256, ES256, EdDSA or the like',
    ],
    [
      { algorithms: ['ES256', 'HS256', 'HS384'] },
      'algorithms: HS256, HS384 needs the option secret, and public keys cannot be one; drop it, or set secret',
    ],
    [
      { secret, algorithms: ['ES256'] },
      'algorithms: a secret is for HS256, HS384 and HS512 alone; add one of them, or drop secret',
    ],
    [
      { secret, jwksUri, algorithms: ['HS256'] },
      'algorithms: lists no algorithm for the keys of jwksUri; add one, for example RS256, or drop jwksUri',
    ],
    [
      { secret: 's'.repeat(32), algorithms: ['HS512'] },
      'secret: HS512 needs at least 64 bytes (RFC 7518 §3.2), this has 32; use a longer secret, or list in algorithms what it is long enough for',
    ],
    [
      { secret: 's' },
      'secret: must have at least 32 bytes, drawn at random (RFC 7518 §3.2); a password is too easily guessed; make one with: openssl rand -base64 48',
    ],
    [{ jwksUri: 7 }, 'jwksUri: must be a string that is not empty'],
    [{ metadataUrl: 'metadata' }, 'metadataUrl: must be an https URL'],
    [
      { jwks: { keys: [] } },
      'jwks: must be a JWK Set with at least one public key for the accepted algorithms (RFC 7517 §5)',
    ],
    [
      { publicKey: { ...publicKey, use: 'enc' } },
      'publicKey: must be a public key for the accepted algorithms; refused: use',
    ],
    [
      { publicKey: 7 },
      'publicKey: must be a public key as PEM (BEGIN PUBLIC KEY or BEGIN CERTIFICATE), JWK or KeyObject',
    ],
    [
      { publicKey, secret: Buffer.from(publicKey.x as string, 'base64url'), algorithms: ['HS256', 'ES256'] },
      'secret: is one of the public keys, so that anyone could sign with it; use another',
    ],
  ]
  it.each(mistakes.map(([options, message]): [string, object] => [message, options]))(
    'are refused: %s',
    (message, options) => {
      expect(() => settings(options)).toThrow(new TypeError(`issuers[0].${message}`))
    },
  )
})

describe('algorithms that are common to several issuers', () => {
  it('may be of both kinds, and are checked by name', () => {
    expect(() => checkCommonAlgorithms({}, 'algorithms')).not.toThrow()
    expect(() => checkCommonAlgorithms({ algorithms: ['HS256', 'RS256'] }, 'algorithms')).not.toThrow()
    expect(() => checkCommonAlgorithms({ algorithms: ['none'] }, 'algorithms')).toThrow(/^algorithms: "none"/)
  })

  it("are those of profile 'fapi2'", () => {
    const check = (name: string) => () =>
      checkCommonAlgorithms({ algorithms: [name], profile: 'fapi2' }, 'algorithms')
    expect(check('PS256')).not.toThrow()
    expect(check('RS256')).toThrow(/^algorithms: profile 'fapi2' permits/)
  })
})
