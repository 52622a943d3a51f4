/** A curve y² = x³ - 3x + b over the numbers up to p (SP 800-186 §3.2.1). */
interface Curve {
  /** Bytes of a coordinate. */
  readonly length: number
  readonly p: bigint
  readonly b: bigint
}

const curves: readonly Curve[] = [
  {
    length: 32,
    p: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  },
  {
    length: 48,
    p: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
    b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
  },
  {
    length: 66,
    p: 2n ** 521n - 1n,
    b: 0x0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00n,
  },
]

/** Tells whether bytes are a point of P-256, P-384 or P-521 that is not compressed (SEC 1 §2.3.3). */
export function isEcPoint(bytes: Uint8Array): boolean {
  const curve = curves.find(({ length }) => bytes.length === 1 + 2 * length)
  if (curve === undefined || bytes[0] !== 4) return false
  const { length, p, b } = curve
  const x = numberOf(bytes.subarray(1, 1 + length))
  const y = numberOf(bytes.subarray(1 + length))
  return (y * y - x * x * x + 3n * x - b) % p === 0n
}

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`)
}
