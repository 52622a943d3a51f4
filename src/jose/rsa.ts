import { fromBase64url } from './base64url.ts'
import { own } from '../lib/objects.ts'

// Below 2048 bits a key can be factored (RFC 7518 §3.3); above 8192 one check takes longer than it should.
const modulusBits = { min: 2048, max: 8192 }

/** What is wrong with an RSA key; `undefined` when nothing is. */
export function flawOfRsa(jwk: object): 'modulus' | 'weak modulus' | 'exponent' | undefined {
  const modulus = numberOf(own(jwk, 'n'))
  if (modulus === undefined) return 'modulus'
  const bits = bitLength(modulus)
  const odd = ((modulus.at(-1) ?? 0) & 1) === 1
  if (!odd || bits < modulusBits.min || bits > modulusBits.max) return 'modulus'
  if (hasRocaFingerprint(modulus)) return 'weak modulus'
  // With e = 1 every number is its own signature; beyond 32 bits a check only gets slower.
  const exponent = numberOf(own(jwk, 'e'))
  if (exponent === undefined || bitLength(exponent) > 32) return 'exponent'
  const value = exponent.reduce((sum, byte) => sum * 256 + byte, 0)
  return value >= 3 && value % 2 === 1 ? undefined : 'exponent'
}

/** An unsigned big-endian number in base64url, without the zero bytes that some issuers put in front. */
export function numberOf(member: unknown): Uint8Array | undefined {
  const bytes = typeof member === 'string' ? fromBase64url(member) : undefined
  if (bytes === undefined) return undefined
  const first = bytes.findIndex((byte) => byte !== 0)
  return bytes.subarray(first === -1 ? bytes.length : first)
}

function bitLength(number: Uint8Array): number {
  const [first] = number
  return first === undefined ? 0 : number.length * 8 - (Math.clz32(first) - 24)
}

const rocaPrimes = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157]

/** For each prime, the remainders of the powers of 65537: all that a weak modulus can leave. */
const rocaRemainders = rocaPrimes.map((prime) => {
  const powers = new Set<number>()
  for (let power = 1; !powers.has(power); power = (power * 65_537) % prime) powers.add(power)
  return [prime, powers] as const
})

/**
 * Tells moduli of the Infineon library whose primes can be computed from the public key (ROCA, CVE-2017-15361). A
 * sound modulus looks like one of them in 1 of 2^27 cases.
 */
function hasRocaFingerprint(modulus: Uint8Array): boolean {
  return rocaRemainders.every(([prime, powers]) => powers.has(remainderOf(modulus, prime)))
}

/** What is left when a number is divided. @param number bytes, the highest first @param divisor up to 2^32 */
export function remainderOf(number: Uint8Array, divisor: number): number {
  return number.reduce((rest, byte) => (rest * 256 + byte) % divisor, 0)
}
