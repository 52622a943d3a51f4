import { createHash, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { derSignature } from '../../src/platform/der-signature.ts'

vi.setConfig({ testTimeout: 60_000 })

const curves = [
  { name: 'ES256', namedCurve: 'P-256', hash: 'sha256', bytes: 32 },
  { name: 'ES384', namedCurve: 'P-384', hash: 'sha384', bytes: 48 },
  { name: 'ES512', namedCurve: 'P-521', hash: 'sha512', bytes: 66 },
] as const

/** The same by arithmetic: the hexadecimal digits of a number know nothing of leading zeros. */
function reference(signature: Uint8Array): string {
  const hex = Buffer.from(signature).toString('hex')
  const integers = [hex.slice(0, hex.length / 2), hex.slice(hex.length / 2)].map((digits) => {
    const plain = BigInt(`0x${digits}`).toString(16)
    const even = plain.length % 2 === 0 ? plain : `0${plain}`
    return tagged('02', Number.parseInt(even.slice(0, 2), 16) > 127 ? `00${even}` : even)
  })
  return tagged('30', integers.join(''))
}

function tagged(tag: string, content: string): string {
  const length = (content.length / 2).toString(16).padStart(2, '0')
  return `${tag}${content.length / 2 > 127 ? '81' : ''}${length}${content}`
}

/** Numbers of so many bytes, those at the edges of DER among them. */
const numbers = (bytes: number): fc.Arbitrary<Uint8Array> =>
  fc
    .tuple(
      fc.nat(bytes),
      fc.constantFrom(0x00, 0x01, 0x7f, 0x80, 0xff),
      fc.uint8Array({ minLength: bytes, maxLength: bytes }),
    )
    .map(([zeros, first, digits]) => {
      digits.fill(0, 0, zeros)
      if (zeros < bytes) digits[zeros] = first
      return digits
    })

describe.each(curves)('the DER form of a signature under $name', ({ namedCurve, hash, bytes }) => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve })
  const holds = (
    data: Buffer,
    signature: Uint8Array,
    key: KeyObject | { key: KeyObject; dsaEncoding: 'ieee-p1363' },
  ): boolean => verify(hash, data, key, signature)

  it('is that of the same two numbers, in as few bytes as there can be', () => {
    fc.assert(
      fc.property(numbers(bytes), numbers(bytes), (r, s) => {
        const signature = Buffer.concat([r, s])
        expect(Buffer.from(derSignature(signature)).toString('hex')).toBe(reference(signature))
      }),
      { numRuns: 5000 },
    )
  })

  it('holds where the signature holds, and where one bit of it is wrong fails likewise', () => {
    const lengths = new Set<number>()
    for (let index = 0; index < 400; index++) {
      const data = createHash('sha256').update(String(index)).digest()
      const signature = sign(hash, data, { key: privateKey, dsaEncoding: 'ieee-p1363' })
      const der = derSignature(signature)
      lengths.add(der.length)
      expect(holds(data, der, publicKey)).toBe(true)
      const bit = index % (signature.length * 8)
      signature[bit >> 3] = (signature[bit >> 3] as number) ^ (1 << (bit & 7))
      expect(holds(data, signature, { key: publicKey, dsaEncoding: 'ieee-p1363' })).toBe(false)
      expect(holds(data, derSignature(signature), publicKey)).toBe(false)
    }
    // Both with and without a zero byte in front of a number.
    expect(lengths.size).toBeGreaterThan(1)
  })
})
