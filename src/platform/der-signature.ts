/**
 * Writes an ECDSA signature as the DER sequence of two integers that OpenSSL reads (RFC 3279 §2.2.3).
 *
 * @param signature both numbers in equal length, big-endian, one behind the other (RFC 7518 §3.4); up to 132 bytes
 */
export function derSignature(signature: Uint8Array): Uint8Array {
  const half = signature.length / 2
  // At most three bytes before the integers, and three before the digits of each.
  const der = Buffer.allocUnsafe(signature.length + 9)
  const middle = writeInteger(der, 3, signature, 0, half)
  const end = writeInteger(der, middle, signature, half, signature.length)
  const length = end - 3
  der[2] = length
  if (length < 0x80) {
    der[1] = tags.sequence
    return der.subarray(1, end)
  }
  // A length of more than seven bits is announced.
  der[1] = 0x81
  der[0] = tags.sequence
  return der.subarray(0, end)
}

const tags = { integer: 0x02, sequence: 0x30 }

/** Writes an unsigned number in as few bytes as DER allows. @returns where it ends */
function writeInteger(der: Uint8Array, at: number, from: Uint8Array, start: number, end: number): number {
  let digit = start
  while (digit < end - 1 && from[digit] === 0) digit += 1
  // Integers are signed: a zero byte keeps one with its top bit set from being negative.
  const sign = (from[digit] as number) >= 0x80 ? 1 : 0
  der[at] = tags.integer
  der[at + 1] = end - digit + sign
  der[at + 2] = 0
  let next = at + 2 + sign
  for (; digit < end; digit += 1) der[next++] = from[digit] as number
  return next
}
