import { checkPrimeSync, createECDH, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { randomBytes } from './choices.ts'

/** A key pair; the public part as a JWK Set shows it, but for `kid`, `use` and `alg`. */
export interface SeededKey {
  readonly privateKey: KeyObject
  readonly jwk: Readonly<Record<string, string>>
}

/** RSA from a seed: no private key needs to lie in the repository, and a failure can be run again. */
export function seededRsa(seed: number, bits = 2048): SeededKey {
  const random = randomBytes(seed)
  const e = 65537n
  const half = bits / 2
  const p = primeFrom(random, half, e)
  const q = primeFrom(random, half, e)
  const d = inverse(e, (p - 1n) * (q - 1n))
  const numbers = { n: p * q, e, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: inverse(q, p) }
  const members = Object.entries(numbers).map(([name, value]) => [
    name,
    bigEndian(value).toString('base64url'),
  ])
  return pairOf({ kty: 'RSA', ...(Object.fromEntries(members) as Record<string, string>) })
}

export function seededEc(seed: number, crv: 'P-256' | 'P-384' | 'P-521'): SeededKey {
  const { curve, length } = {
    'P-256': { curve: 'prime256v1', length: 32 },
    'P-384': { curve: 'secp384r1', length: 48 },
    'P-521': { curve: 'secp521r1', length: 66 },
  }[crv]
  const secret = Buffer.from(randomBytes(seed)(length))
  // Below the order of every curve.
  secret[0] = 0
  const ecdh = createECDH(curve)
  ecdh.setPrivateKey(secret)
  const point = ecdh.getPublicKey()
  return pairOf({
    kty: 'EC',
    crv,
    x: point.subarray(1, 1 + length).toString('base64url'),
    y: point.subarray(1 + length).toString('base64url'),
    d: secret.toString('base64url'),
  })
}

export function seededEd25519(seed: number): SeededKey {
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), randomBytes(seed)(32)])
  const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
  return { privateKey, jwk: createPublicKey(privateKey).export({ format: 'jwk' }) as Record<string, string> }
}

function pairOf(jwk: Record<string, string>): SeededKey {
  const privateKey = createPrivateKey({ key: jwk, format: 'jwk' })
  return { privateKey, jwk: createPublicKey(privateKey).export({ format: 'jwk' }) as Record<string, string> }
}

function primeFrom(random: (length: number) => Uint8Array, bits: number, e: bigint): bigint {
  for (;;) {
    const bytes = random(bits / 8)
    // The two highest bits, so that the product of two has its full length; odd.
    bytes[0] = (bytes[0] as number) | 0xc0
    bytes[bytes.length - 1] = (bytes.at(-1) as number) | 1
    const candidate = BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
    if (candidate % 3n !== 0n && candidate % 5n !== 0n && candidate % e !== 1n && checkPrimeSync(candidate)) {
      return candidate
    }
  }
}

function inverse(value: bigint, modulus: bigint): bigint {
  let [r0, r1, s0, s1] = [modulus, value % modulus, 0n, 1n]
  while (r1 !== 0n) {
    const quotient = r0 / r1
    ;[r0, r1] = [r1, r0 - quotient * r1]
    ;[s0, s1] = [s1, s0 - quotient * s1]
  }
  return ((s0 % modulus) + modulus) % modulus
}

/** An unsigned number in as few bytes as hold it. */
export function bigEndian(value: bigint, length = 0): Buffer {
  const hex = value.toString(16)
  return Buffer.from(hex.padStart(Math.max(length * 2, hex.length + (hex.length % 2)), '0'), 'hex')
}
