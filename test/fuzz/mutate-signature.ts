import { createPublicKey, type JsonWebKey, sign } from 'node:crypto'
import type { Choices } from './choices.ts'
import { bigEndian } from './seeded-keys.ts'
import { hmac, type IssuerKey, signature, stranger } from './world.ts'

/** Orders of the curves' groups, and of Ed25519's. */
const orders: Readonly<Record<string, bigint>> = {
  'P-256': 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  'P-384': BigInt(
    '0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973',
  ),
  'P-521': BigInt(
    '0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409',
  ),
}
const ed25519Order = 2n ** 252n + 27742317777372353535851937790883648493n

/** The other signature of the same message under the same key: (r, n - s). */
export function twinOf(signed: Uint8Array, crv: string): Buffer | undefined {
  const order = orders[crv]
  if (order === undefined) return undefined
  const half = signed.length / 2
  const s = BigInt(`0x${Buffer.from(signed.subarray(half)).toString('hex')}`)
  return Buffer.concat([signed.subarray(0, half), bigEndian(order - s, half)])
}

export interface Signing {
  /** What was signed. */
  readonly input: string
  readonly right: Buffer
  readonly key: IssuerKey
  readonly alg: string
  readonly choices: Choices
  readonly tell: (what: string) => void
}

/** Puts another signature in the place of the right one; none of them is the issuer's, but for the twin. */
export function mutateSignature(signing: Signing): string {
  const { right, key, alg, input, choices, tell } = signing
  const { kty, crv } = key.jwk as { kty: string; crv?: string }
  const publicKey = createPublicKey({ key: key.jwk as JsonWebKey, format: 'jwk' })
  const half = right.length / 2
  const zeros = Buffer.alloc(right.length)
  const forms: Record<string, () => Buffer> = {
    'one bit': () => {
      const at = choices.int(right.length)
      const changed = Buffer.from(right)
      changed[at] = (changed[at] as number) ^ (1 << choices.int(8))
      return changed
    },
    zeros: () => zeros,
    ones: () => Buffer.alloc(right.length, 0xff),
    'a zero in front': () => Buffer.concat([Buffer.of(0), right]),
    'a zero behind': () => Buffer.concat([right, Buffer.of(0)]),
    'a byte less': () => right.subarray(0, -1),
    'one byte': () => Buffer.of(choices.int(256)),
    "a stranger's": () => {
      const type = kty === 'RSA' ? 'rsa' : kty === 'OKP' ? 'eddsa' : 'es256'
      return signature(alg, stranger[type].privateKey, input)
    },
    'of other bytes': () => signature(alg, key.privateKey, `${input}x`),
    'of the other scheme': () =>
      signature(alg === 'PS256' ? 'RS256' : 'PS256', (kty === 'RSA' ? key : stranger.rsa).privateKey, input),
    'hmac of the key as JSON': () => hmac(JSON.stringify(key.jwk), input),
    'hmac of the key as PEM': () => hmac(publicKey.export({ type: 'spki', format: 'pem' }), input),
    'hmac of the key as DER': () => hmac(publicKey.export({ type: 'spki', format: 'der' }), input),
    'hmac of nothing': () => hmac('', input),
  }
  if (kty === 'EC') {
    forms['r and s exchanged'] = () => Buffer.concat([right.subarray(half), right.subarray(0, half)])
    forms['the twin'] = () => twinOf(right, crv as string) as Buffer
    forms['the twin of the twin'] = () =>
      twinOf(twinOf(right, crv as string) as Buffer, crv as string) as Buffer
    forms['r = 0'] = () => Buffer.concat([zeros.subarray(0, half), right.subarray(half)])
    forms['r = s = n'] = () => {
      const order = bigEndian(orders[crv as string] as bigint, half)
      return Buffer.concat([order, order])
    }
    forms['DER'] = () => sign(`sha${alg.slice(2)}`, Buffer.from(input), key.privateKey)
  }
  if (kty === 'OKP') {
    forms['s + l'] = () => {
      const s = BigInt(`0x${Buffer.from(right.subarray(32)).reverse().toString('hex')}`) + ed25519Order
      return Buffer.concat([right.subarray(0, 32), bigEndian(s, 32).reverse()])
    }
    forms['a point of small order'] = () => Buffer.concat([Buffer.from([1]), Buffer.alloc(63)])
  }
  if (kty === 'RSA') {
    forms['s + n'] = () => {
      const n = BigInt(`0x${Buffer.from(key.jwk['n'] as string, 'base64url').toString('hex')}`)
      return bigEndian(BigInt(`0x${right.toString('hex')}`) + n)
    }
  }
  const name = choices.pick(Object.keys(forms))
  tell(`signature: ${name}`)
  return (forms[name] as () => Buffer)().toString('base64url')
}
