import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { flawOfRsa, numberOf, remainderOf } from '../../src/jose/rsa.ts'

const primes = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157].map(BigInt)

/** A number to a power, within a modulus. */
function powerOf(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n
  for (
    let left = exponent, square = base % modulus;
    left > 0n;
    left >>= 1n, square = (square * square) % modulus
  )
    if (left & 1n) result = (result * square) % modulus
  return result
}

/** The least number with these remainders, found without any of the code under test. */
function numberWith(remainders: readonly (readonly [prime: bigint, remainder: bigint])[]): bigint {
  let [number, product] = [0n, 1n]
  for (const [prime, remainder] of remainders) {
    while (number % prime !== remainder) number += product
    product *= prime
  }
  return number
}

const product = primes.reduce((all, prime) => all * prime, 1n)
const top = 1n << 2047n

/** An odd modulus of 2048 bits with these remainders. */
function modulusWith(remainders: readonly (readonly [bigint, bigint])[]): string {
  const number = numberWith([[2n, 1n], ...remainders])
  const modulus = top - (top % (2n * product)) + 2n * product + number
  return Buffer.from(modulus.toString(16), 'hex').toString('base64url')
}

const powersOf65537 = (exponent: bigint) =>
  primes.map((prime) => [prime, powerOf(65_537n, exponent, prime)] as const)

/** Remainders no power of 65537 leaves. 65537 generates everything but zero for some of the primes. */
const outside = (prime: bigint): bigint => {
  const powers = new Set(
    Array.from({ length: Number(prime) }, (_, exponent) => powerOf(65_537n, BigInt(exponent), prime)),
  )
  for (let remainder = 1n; remainder < prime; remainder++) if (!powers.has(remainder)) return remainder
  return 0n
}

const flawOf = (n: string) => flawOfRsa({ kty: 'RSA', n, e: 'AQAB' })

describe('the fingerprint of ROCA (CVE-2017-15361)', () => {
  it.each([0n, 1n, 2n, 65_537n, 123_456_789n])(
    'G5 is found in a modulus that is 65537^%s for every prime',
    (exponent) => {
      expect(flawOf(modulusWith(powersOf65537(exponent)))).toBe('weak modulus')
    },
  )

  it('G5 is found where each prime has its own power', () => {
    const remainders = primes.map(
      (prime, index) => [prime, powerOf(65_537n, BigInt(index * 7 + 1), prime)] as const,
    )
    expect(flawOf(modulusWith(remainders))).toBe('weak modulus')
  })

  it('G5 is found behind a zero byte', () => {
    const bytes = Buffer.from(modulusWith(powersOf65537(5n)), 'base64url')
    expect(flawOf(Buffer.concat([Buffer.of(0), bytes]).toString('base64url'))).toBe('weak modulus')
  })

  it.each(primes.map(Number))('G5 is not there when the remainder of %i alone is another', (other) => {
    const remainders = powersOf65537(5n).map(
      ([prime, remainder]) => [prime, Number(prime) === other ? outside(prime) : remainder] as const,
    )
    expect(flawOf(modulusWith(remainders))).toBeUndefined()
  })

  it('G5 is not in the keys that OpenSSL makes', () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    expect(flawOf(publicKey.export({ format: 'jwk' }).n as string)).toBeUndefined()
  })
})

describe('the numbers of a key', () => {
  /** A modulus of a number of bits that is no other flaw. */
  const modulus = (bits: number): Buffer => {
    const bytes = Buffer.alloc(Math.ceil(bits / 8), 0x5b)
    bytes[0] = 1 << ((bits - 1) % 8)
    return bytes
  }
  const sound = modulus(2048)
  const flaw = (members: object): unknown =>
    flawOfRsa({ kty: 'RSA', n: sound.toString('base64url'), e: 'AQAB', ...members })

  it.each([
    [2040, 'modulus'],
    [2047, 'modulus'],
    [2048, undefined],
    [2049, undefined],
    [8192, undefined],
    [8193, 'modulus'],
    [16_384, 'modulus'],
  ])('may be a modulus of 2048 to 8192 bits: of %d: %s', (bits, expected) => {
    expect(flaw({ n: modulus(bits).toString('base64url') })).toBe(expected)
  })

  it.each([
    ['an even modulus', Buffer.concat([sound.subarray(0, -1), Buffer.of(0x5a)])],
    ['a modulus of zeros', Buffer.alloc(256)],
    ['zeros before a short modulus', Buffer.concat([Buffer.alloc(1), modulus(2047)])],
  ])('may not be %s', (_what, n) => {
    expect(flaw({ n: n.toString('base64url') })).toBe('modulus')
  })

  it.each([
    [{ n: undefined }, 'modulus'],
    [{ n: '' }, 'modulus'],
    [{ n: 'AA' }, 'modulus'],
    [{ n: [sound.toString('base64url')] }, 'modulus'],
    [{ n: `${sound.toString('base64url')}=` }, 'modulus'],
    [{ e: undefined }, 'exponent'],
    [{ e: '' }, 'exponent'],
    [{ e: 65_537 }, 'exponent'],
    [{ e: 'AA' }, 'exponent'],
    [{ e: 'AQ' }, 'exponent'],
    [{ e: 'Ag' }, 'exponent'],
    [{ e: 'BA' }, 'exponent'],
    [{ e: 'AQAA' }, 'exponent'],
    [{ e: 'AQAAAAE' }, 'exponent'],
    [{ e: 'Aw' }, undefined],
    [{ e: 'AAEAAQ' }, undefined],
    [{ e: '_____w' }, undefined],
    [{ e: 'AAAAAAAAAAAD' }, undefined],
  ])('are judged with %j: %s', (members, expected) => {
    expect(flaw(members)).toBe(expected)
  })

  it('are own members', () => {
    const inherited = Object.create({ kty: 'RSA', n: sound.toString('base64url'), e: 'AQAB' }) as object
    expect(flawOfRsa(inherited)).toBe('modulus')
  })

  it.each([
    ['AAEAAQ', [1, 0, 1]],
    ['AQAB', [1, 0, 1]],
    ['AAA', []],
    ['AQA', [1, 0]],
  ])('are read without the zeros before them: %s', (text, expected) => {
    expect([...(numberOf(text) as Uint8Array)]).toEqual(expected)
  })

  it('are divided as numbers are', () => {
    expect(remainderOf(Uint8Array.of(1, 2, 3), 7)).toBe((65_536 + 2 * 256 + 3) % 7)
    expect(remainderOf(Uint8Array.of(255, 255, 255, 255), 2 ** 32)).toBe(2 ** 32 - 1)
    expect(remainderOf(new Uint8Array(), 7)).toBe(0)
  })
})
