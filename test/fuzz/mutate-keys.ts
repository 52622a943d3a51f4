import { createHash } from 'node:crypto'
import type { Choices } from './choices.ts'
import { mutatePart } from './mutate-text.ts'
import { hmac, type IssuerKey, signature, stranger, weakRsa } from './world.ts'

interface Published {
  readonly key: IssuerKey
  readonly alg: string
  readonly input: string
  readonly choices: Choices
  readonly tell: (what: string) => void
}

interface Changed {
  readonly jwks: unknown
  /** A token that only such a set of keys would let through. */
  readonly token?: string
}

const odd: readonly unknown[] = [null, true, 0, 1, '', 'x', [], {}, ['x'], '\u0000', 'x'.repeat(300)]

const values: Readonly<Record<string, readonly unknown[]>> = {
  kty: ['RSA', 'EC', 'OKP', 'oct', 'AKP', 'rsa'],
  alg: ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA', 'Ed25519', 'HS256', 'none', 'RSA-OAEP', 'rs256'],
  use: ['sig', 'enc', 'SIG', 'sig '],
  key_ops: [['verify'], ['sign'], ['verify', 'verify'], ['verify', 'sign'], ['encrypt'], [], 'verify', [1]],
  kid: ['es256', 'rsa', 'eddsa', 'nobody'],
  crv: ['P-256', 'P-384', 'P-521', 'Ed25519', 'Ed448', 'secp256k1'],
  ext: [true, false, 'true'],
  e: ['AQ', 'Aw', 'AA', 'AAAB', 'AQAA', 'AAEAAQ', 'AQAAAAE', '_____w', 'Ag'],
  d: ['AQAB'],
  k: ['AQAB'],
  p: ['AQAB'],
  oth: [[]],
  x5c: [['x']],
  x5u: ['https://elsewhere.test/'],
}

/** Changes the JWK Set, sometimes along with a token that fits the change. */
export function mutateKeys(jwks: { keys: unknown[] }, published: Published): Changed {
  const { key, choices, tell } = published
  const at = jwks.keys.findIndex((entry) => (entry as { kid?: unknown }).kid === key.jwk['kid'])
  const entry = { ...(jwks.keys[at] as Record<string, unknown>) }
  jwks.keys[at] = entry
  const forms: Readonly<Record<string, () => unknown>> = {
    'a member set': () => {
      const name = choices.pick(Object.keys(values))
      entry[name] = choices.oneIn(3) ? choices.pick(odd) : choices.pick(values[name] as readonly unknown[])
      tell(`keys: ${name}`)
    },
    'a member removed': () => {
      const name = choices.pick(Object.keys(entry))
      Reflect.deleteProperty(entry, name)
      tell(`keys: without ${name}`)
    },
    'material written otherwise': () => {
      const name = choices.pick(['x', 'y', 'n', 'e'].filter((one) => typeof entry[one] === 'string'))
      entry[name] = mutatePart(entry[name] as string, choices, tell)
    },
    'zero in front': () => {
      for (const name of ['n', 'x', 'y']) {
        if (typeof entry[name] !== 'string') continue
        entry[name] = Buffer.concat([Buffer.of(0), Buffer.from(entry[name], 'base64url')]).toString(
          'base64url',
        )
      }
    },
    'one bit of the material': () => {
      const name = choices.pick(['x', 'y', 'n'].filter((one) => typeof entry[one] === 'string'))
      const bytes = Buffer.from(entry[name] as string, 'base64url')
      const byte = choices.int(bytes.length)
      bytes[byte] = (bytes[byte] as number) ^ (1 << choices.int(8))
      entry[name] = bytes.toString('base64url')
    },
    withdrawn: () => void jwks.keys.splice(at, 1),
    'published twice': () => void jwks.keys.push({ ...entry }),
    'another under the same id': () => {
      jwks.keys.push({ ...choices.pick(Object.values(stranger)).jwk, kid: entry['kid'] })
    },
    'a broken one under the same id': () => void jwks.keys.unshift({ ...entry, ...choices.pick(broken) }),
    'an entry that is none': () => void jwks.keys.unshift(choices.pick(odd)),
    'no ids': () => {
      for (const one of jwks.keys) Reflect.deleteProperty(one as object, 'kid')
    },
    'all of one id': () => {
      for (const one of jwks.keys) (one as Record<string, unknown>)['kid'] = key.jwk['kid']
    },
    'the private key': () => {
      jwks.keys[at] = { ...entry, ...key.privateKey.export({ format: 'jwk' }) }
    },
    'a symmetric key': () => {
      jwks.keys[at] = { kty: 'oct', kid: entry['kid'], k: 'c2VjcmV0', alg: 'HS256' }
      return { jwks, token: hmacToken(published) }
    },
    'RSA of 1024 bits': () => {
      jwks.keys[at] = { ...weakRsa.jwk, kid: entry['kid'], use: 'sig' }
      return { jwks, token: retoken(published, (input) => signature('RS256', weakRsa.privateKey, input)) }
    },
    'RSA with exponent 1': () => {
      jwks.keys[at] = { kty: 'RSA', n: stranger.rsa.jwk['n'], e: 'AQ', kid: entry['kid'] }
      return { jwks, token: retoken(published, (input) => paddedHash(input, 256)) }
    },
    'a point of small order': () => {
      const x = Buffer.concat([Buffer.of(1), Buffer.alloc(31)]).toString('base64url')
      jwks.keys[at] = { kty: 'OKP', crv: 'Ed25519', x, kid: entry['kid'] }
      return {
        jwks,
        token: retoken(published, () => Buffer.concat([Buffer.of(1), Buffer.alloc(63)]), 'EdDSA'),
      }
    },
    'not a set': () => ({ jwks: choices.pick([...odd, { keys: {} }, { keys: null }, { Keys: jwks.keys }]) }),
    'empty set': () => ({ jwks: { keys: [] } }),
    'too many': () => ({ jwks: { keys: Array.from({ length: 1001 }, () => entry) } }),
  }
  const name = choices.pick(Object.keys(forms))
  tell(`keys: ${name}`)
  return (forms[name] as () => Changed | undefined)() ?? { jwks }
}

const broken: readonly Readonly<Record<string, unknown>>[] = [
  { e: 'AQ' },
  { d: 'AQAB' },
  { n: 'AQAB' },
  { x: 'AQAB' },
  { use: 'enc' },
  { alg: 'HS256' },
]

/** The token again, its header naming another algorithm, signed by whoever can. */
function retoken({ input, key }: Published, signer: (input: string) => Buffer, alg = 'RS256'): string {
  const payload = input.slice(input.indexOf('.') + 1)
  const header = { alg, kid: key.jwk['kid'], typ: 'at+jwt' }
  const forged = `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${payload}`
  return `${forged}.${signer(forged).toString('base64url')}`
}

function hmacToken(published: Published): string {
  return retoken(published, (input) => hmac('secret', input), 'HS256')
}

/** EMSA-PKCS1-v1_5 (RFC 8017 §9.2): under `e = 1` the padded hash is its own signature. */
function paddedHash(input: string, length: number): Buffer {
  const digest = createHash('sha256').update(input).digest()
  const info = Buffer.concat([Buffer.from('3031300d060960864801650304020105000420', 'hex'), digest])
  const padding = Buffer.alloc(length - info.length - 3, 0xff)
  return Buffer.concat([Buffer.of(0, 1), padding, Buffer.of(0), info])
}
