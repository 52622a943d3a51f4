import { describe, expect, it } from 'vitest'
import {
  certificateOfDer,
  certificateOfHeader,
  certificateOfPem,
} from '../../src/caller/certificate-formats.ts'
import { testCertificate, written } from '../support/certificates.ts'

const own = await testCertificate('client')
const other = await testCertificate('other')
const is = (found: Uint8Array | undefined): string =>
  found === undefined ? 'refused' : own.der.equals(found) ? 'own' : 'another'

describe('rfc9440', () => {
  const text = written.rfc9440(own)
  it.each([
    ['without the colon before it', text.slice(1)],
    ['without the colon after it', text.slice(0, -1)],
    ['with a parameter', `${text};a=1`],
    ['with a space', `: ${text.slice(1)}`],
    ['in quotes', `"${text}"`],
    ['with another character before it', `;${text.slice(1)}`],
    ['with another character after it', `${text.slice(0, -1)};`],
    ['in base64url', text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')],
    ['of nothing', '::'],
    ['one colon', ':'],
    ['twice', text + text],
  ])('is refused %s', (_title, value) => {
    expect(is(certificateOfHeader(text, 'rfc9440'))).toBe('own')
    expect(is(certificateOfHeader(value, 'rfc9440'))).toBe('refused')
  })
})

describe('pem-urlencoded', () => {
  const text = written.nginx(own)
  const read = (value: string): string => is(certificateOfHeader(value, 'pem-urlencoded'))

  it('is read as nginx and as AWS write it, with hex digits in any case', () => {
    expect(read(text)).toBe('own')
    expect(read(written.alb(own))).toBe('own')
    expect(read(text.replaceAll('%0A', '%0a'))).toBe('own')
  })

  it('is the first certificate of a chain', () => {
    expect(read(text + written.nginx(other))).toBe('own')
    expect(read(written.nginx(other) + text)).toBe('another')
  })

  it.each([
    ['without its armour', encodeURIComponent(own.cert.split('\n').slice(1, -2).join('\n'))],
    ['that is not encoded', own.cert],
    ['with a plus for a space', text.replaceAll('%20', '+')],
    ['with a space', text.replace('%20', ' ')],
    ['encoded twice', encodeURIComponent(text)],
    ['with half an escape', `${text}%`],
    ['with an escape that is none', `${text}%0G`],
    ['with an escape that is no text', `${text}%FF`],
    ['with the armour of a key', text.replaceAll('CERTIFICATE', 'PRIVATE%20KEY')],
    ['with another end', text.replace('END%20CERTIFICATE', 'END%20CERTIFICATES')],
    ['with a line break before it', `%0A${text}`],
    ['with text between two', `${text}x%0A${text}`],
    [
      'with a second that is no certificate',
      `${text}${encodeURIComponent('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')}`,
    ],
    ['that ends before its end', text.slice(0, text.indexOf('-----END'))],
    ['with a comma', `${text}%2C`],
  ])('is refused %s', (_title, value) => {
    expect(read(value)).toBe('refused')
  })

  it('may have line breaks of Windows, and none at its end', () => {
    expect(is(certificateOfPem(own.cert.replaceAll('\n', '\r\n')))).toBe('own')
    expect(is(certificateOfPem(own.cert.trimEnd()))).toBe('own')
    expect(is(certificateOfPem(own.cert.replaceAll('\n', '\r')))).toBe('refused')
  })

  it('is refused over 65,536 characters, and accepted up to it', () => {
    const count = Math.floor(65_536 / text.length)
    expect(read(text.repeat(count))).toBe('own')
    expect(read(text.repeat(count + 1))).toBe('refused')
    /** A chain of so many characters, with some line breaks of Windows. */
    const chainOf = (length: number): string => {
      const chain = own.cert.repeat(Math.floor(length / own.cert.length))
      let missing = length - chain.length
      return chain.replaceAll('\n', () => (missing-- > 0 ? '\r\n' : '\n'))
    }
    expect(chainOf(65_536)).toHaveLength(65_536)
    expect(is(certificateOfPem(chainOf(65_536)))).toBe('own')
    expect(is(certificateOfPem(chainOf(65_537)))).toBe('refused')
  })
})

describe('der-base64', () => {
  const text = written.haproxy(own)
  it.each([
    ['with a line break', `${text.slice(0, 64)}\n${text.slice(64)}`],
    ['with a space after it', `${text} `],
    ['with another certificate after it', Buffer.concat([own.der, other.der]).toString('base64')],
    ['with a byte after it', Buffer.concat([own.der, Buffer.of(0)]).toString('base64')],
    ['of its first half', own.der.subarray(0, 200).toString('base64')],
    ['of something else', Buffer.from('certificate').toString('base64')],
    ['of a public key', Buffer.from('302a300506032b6570032100' + '00'.repeat(32), 'hex').toString('base64')],
  ])('is refused %s', (_title, value) => {
    expect(is(certificateOfHeader(text, 'der-base64'))).toBe('own')
    expect(is(certificateOfHeader(value, 'der-base64'))).toBe('refused')
  })
})

describe('DER', () => {
  const der = (...parts: (Buffer | Uint8Array)[]): Buffer => {
    const content = Buffer.concat(parts)
    return Buffer.concat([Buffer.of(0x30, 0x82, content.length >> 8, content.length & 255), content])
  }
  const [head, whole] = [own.der.subarray(4), own.der]
  const signedLength = 4 + head.readUInt16BE(2)
  const [signed, rest] = [head.subarray(0, signedLength), head.subarray(signedLength)]
  const algorithmLength = 2 + (rest[1] as number)
  const [algorithm, signature] = [rest.subarray(0, algorithmLength), rest.subarray(algorithmLength)]

  it('is taken apart rightly by this test', () => {
    expect(der(signed, algorithm, signature).equals(whole)).toBe(true)
    expect(is(certificateOfDer(whole))).toBe('own')
  })

  it.each([
    ['without a signature', der(signed, algorithm)],
    ['with a fourth part', der(signed, algorithm, signature, Buffer.of(5, 0))],
    ['with its parts in another order', der(signed, signature, algorithm)],
    ['whose algorithm is no sequence', der(signed, Buffer.of(5, 0), signature)],
    ['whose signature is no bit string', der(signed, algorithm, Buffer.of(4, 1, 0))],
    ['with nothing signed', der(Buffer.of(0x30, 0), algorithm, signature)],
    ['whose outside is a set', Buffer.concat([Buffer.of(0x31), whole.subarray(1)])],
  ])('is refused %s', (_title, bytes) => {
    expect(is(certificateOfDer(bytes))).toBe('refused')
  })

  it('may be a part of a larger buffer', () => {
    const larger = Buffer.concat([Buffer.alloc(7), whole, Buffer.alloc(9)])
    expect(is(certificateOfDer(larger.subarray(7, 7 + whole.length)))).toBe('own')
    expect(is(certificateOfDer(larger.subarray(7)))).toBe('refused')
    expect(certificateOfDer(undefined)).toBeUndefined()
  })
})

describe('xfcc', () => {
  const text = written.envoy(own)
  const read = (value: string): string => is(certificateOfHeader(value, 'xfcc'))

  it('has the certificate as pem-urlencoded', () => {
    expect(read(text)).toBe('own')
    expect(read(`${written.envoy(other)},${text}`)).toBe('own')
    expect(read(text.replace('Cert=', 'Chain='))).toBe('refused')
    expect(read(`Cert="${own.der.toString('base64')}"`)).toBe('refused')
  })

  it('is refused over 65,536 characters, and accepted up to it', () => {
    const longest = `URI=${'x'.repeat(65_536 - text.length - 5)};${text}`
    expect(longest).toHaveLength(65_536)
    expect([read(longest), read(`A${longest}`)]).toEqual(['own', 'refused'])
  })
})
