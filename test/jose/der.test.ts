import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { isCertificate, isDerOfKey, publicKeyOfDer } from '../../src/jose/der.ts'
import { sequence, signSelf, tagged } from '../attacks/certificate.ts'
import { testCertificate } from '../support/certificates.ts'
import { b64 } from '../support/tokens.ts'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const curve = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve })
const p256 = curve('P-256')
const signedBySelf = signSelf(rsa.privateKey)
const spki = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' })
const jwkOf = (key: KeyObject): object => key.export({ format: 'jwk' })

const integer = (length: number): Buffer => tagged(2, Buffer.alloc(length, 1))
const octets = (length: number): Buffer => tagged(4, Buffer.alloc(length, 1))
const bits = (...bytes: readonly number[]): Buffer => tagged(3, Buffer.from(bytes))
const id = (hex: string): Buffer => tagged(6, Buffer.from(hex, 'hex'))
const mlDsa = (last: string): Buffer => sequence(sequence(id(`6086480165030403${last}`)), bits(0, 1, 2))
const ofP256 = sequence(id('2a8648ce3d0201'), id('2a8648ce3d030107'))
const point = (first: number, length: number): Buffer => bits(0, first, ...Buffer.alloc(length, 7))

describe('publicKeyOfDer', () => {
  it.each<readonly [string, Buffer, object]>([
    ['RSA', spki(rsa.publicKey), jwkOf(rsa.publicKey)],
    ['RSA alone', rsa.publicKey.export({ type: 'pkcs1', format: 'der' }), jwkOf(rsa.publicKey)],
    [
      'RSA without a zero before its modulus',
      sequence(tagged(2, Buffer.of(0xff, 1)), integer(1)),
      {
        kty: 'RSA',
        n: b64(Buffer.of(0xff, 1)),
        e: 'AQ',
      },
    ],
    ['a certificate without a version', signedBySelf, jwkOf(rsa.publicKey)],
    ...[
      p256,
      curve('P-384'),
      curve('P-521'),
      generateKeyPairSync('ed25519'),
      generateKeyPairSync('ed448'),
    ].map(
      ({ publicKey }) =>
        [(jwkOf(publicKey) as { crv: string }).crv, spki(publicKey), jwkOf(publicKey)] as const,
    ),
    ...(['44', '65', '87'] as const).map(
      (size, at) =>
        [
          `ML-DSA-${size}`,
          mlDsa(String(11 + at)),
          { kty: 'AKP', alg: `ML-DSA-${size}`, pub: 'AQI' },
        ] as const,
    ),
  ])('reads a key of %s', (_title, der, jwk) => {
    expect(publicKeyOfDer(der)).toEqual(jwk)
  })

  it('reads the key of a certificate with a version', async () => {
    expect(publicKeyOfDer((await testCertificate('client')).der)).toMatchObject({ kty: 'EC', crv: 'P-256' })
  })

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['a tag alone', Buffer.of(0x30)],
    ['an empty sequence', sequence()],
    ['a set', tagged(0x31, spki(p256.publicKey))],
    ['a certificate without a key', sequence(sequence(integer(1)), sequence())],
    ['a certificate with a number for its signed part', sequence(integer(1), sequence())],
    ['a curve that we do not verify with', spki(curve('secp256k1').publicKey)],
    ['a compressed point', sequence(ofP256, point(2, 64))],
    ['a short point', sequence(ofP256, point(4, 63))],
    ['a long point', sequence(ofP256, point(4, 65))],
    ['a key with unused bits', sequence(ofP256, bits(1, 4, ...Buffer.alloc(64, 7)))],
    ['a key in octets', sequence(ofP256, tagged(4, Buffer.concat([Buffer.of(0, 4), Buffer.alloc(64, 7)])))],
    [
      'an algorithm that is no identifier',
      sequence(sequence(tagged(4, Buffer.from('2b6570', 'hex'))), bits(0, 1)),
    ],
    ['an identifier that is no algorithm', sequence(id('2b6570'), bits(0, 1))],
    ['an RSA key of three numbers', sequence(integer(256), integer(3), integer(3))],
    ['an RSA key with octets', sequence(integer(256), octets(3))],
    ['a key without its last byte', spki(p256.publicKey).subarray(0, -1)],
    ['a sequence whose last value is longer than it', Buffer.of(0x30, 3, 2, 2, 1)],
  ])('reads no key out of %s', (_title, der) => {
    expect(publicKeyOfDer(der)).toBeUndefined()
  })

  it('finds the point that it is given', () => {
    const y = Buffer.alloc(32, 9)
    const der = sequence(ofP256, bits(0, 4, ...Buffer.alloc(32, 7), ...y))
    expect(publicKeyOfDer(der)).toEqual({ kty: 'EC', crv: 'P-256', x: b64(Buffer.alloc(32, 7)), y: b64(y) })
  })
})

/** A number as the header of a value announces it, in a sequence. */
const announced = (...header: readonly number[]): Buffer =>
  Buffer.concat([Buffer.of(0x30, ...header), integer(64), integer(64)])

describe('isDerOfKey', () => {
  it.each<readonly [string, Buffer]>([
    ['a public key', spki(p256.publicKey)],
    ['a private key', p256.privateKey.export({ type: 'pkcs8', format: 'der' })],
    ['a private key of a curve', p256.privateKey.export({ type: 'sec1', format: 'der' })],
    ['an RSA key', rsa.publicKey.export({ type: 'pkcs1', format: 'der' })],
    ['a private RSA key', rsa.privateKey.export({ type: 'pkcs1', format: 'der' })],
    ['a certificate', signedBySelf],
    ['a key with more behind it', Buffer.concat([spki(p256.publicKey), Buffer.from('more')])],
    ['two numbers, one of 64 bytes', sequence(integer(64), integer(1))],
    ['a version and 16 bytes', sequence(integer(1), octets(16))],
    ['an algorithm behind something else', sequence(integer(1), sequence(id('00')))],
    ['a length of one byte', announced(0x81, 132)],
    ['a length of two bytes', announced(0x82, 0, 132)],
    ['a length of three bytes', announced(0x83, 0, 0, 132)],
  ])('knows %s', (_title, der) => {
    expect(isDerOfKey(der)).toBe(true)
  })

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['a text that begins as a sequence does', Buffer.from('0 is no key, whatever stands behind it')],
    ['an empty sequence', sequence()],
    ['a signature of a curve', sequence(integer(63), integer(63))],
    ['one number', sequence(integer(64))],
    ['numbers and octets', sequence(integer(64), integer(64), octets(8))],
    ['a version and 15 bytes', sequence(integer(1), octets(15))],
    ['octets twice', sequence(octets(16), octets(16))],
    ['a version and a list', sequence(integer(1), sequence(octets(16)))],
    ['an algorithm alone', sequence(sequence(id('00')))],
    ['a set of algorithms', tagged(0x31, Buffer.concat([sequence(id('00')), sequence(id('00'))]))],
    ['a length without end', announced(0x80)],
    ['one that is not 128 either', Buffer.concat([Buffer.of(0x30, 0x80), integer(64), integer(60)])],
    ['numbers and a tag without a length', sequence(integer(64), integer(64), Buffer.of(2))],
    ['a length of four bytes', announced(0x84, 0, 0, 0, 132)],
    ['a length beyond the end', announced(0x81, 133)],
    ['a length that is cut off', Buffer.of(0x30, 0x82, 1)],
  ])('does not take %s for a key', (_title, bytes) => {
    expect(isDerOfKey(bytes)).toBe(false)
  })
})

describe('isCertificate', () => {
  const algorithm = sequence(id('00'))
  const signature = bits(0, 1)
  const key = sequence(algorithm, bits(0, 1))
  const tbs = (info: Buffer): Buffer =>
    sequence(integer(1), algorithm, sequence(), sequence(), sequence(), info)
  const good = sequence(tbs(key), algorithm, signature)

  it('knows one, wherever it stands in memory', async () => {
    const { der } = await testCertificate('client')
    for (const each of [der, signedBySelf, good]) {
      expect(isCertificate(each)).toBe(true)
      expect(isCertificate(Buffer.concat([Buffer.from('before'), each]).subarray(6))).toBe(true)
    }
  })

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['an empty sequence', sequence()],
    ['random bytes', Buffer.concat([Buffer.of(0), randomBytes(64)])],
    ['a public key', spki(p256.publicKey)],
    ['one with a byte behind it', Buffer.concat([good, Buffer.of(0)])],
    ['one without its last byte', good.subarray(0, -1)],
    ['two', Buffer.concat([good, good])],
    ['a set', tagged(0x31, good.subarray(2))],
    ['one without a signature', sequence(tbs(key), algorithm)],
    ['one with two signatures', sequence(tbs(key), algorithm, signature, signature)],
    ['one whose algorithm is no sequence', sequence(tbs(key), id('00'), signature)],
    ['one whose signature is no bit string', sequence(tbs(key), algorithm, octets(2))],
    ['one whose key is no bit string', sequence(tbs(sequence(algorithm, octets(2))), algorithm, signature)],
    ['one whose key is no sequence', sequence(tbs(integer(1)), algorithm, signature)],
    ['one without a key', sequence(sequence(integer(1), algorithm), algorithm, signature)],
  ])('does not take %s for one', (_title, bytes) => {
    expect(isCertificate(bytes)).toBe(false)
  })
})
