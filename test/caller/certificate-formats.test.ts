import { describe, expect, it } from 'vitest'
import {
  certificateOfDer,
  certificateOfHeader,
  certificateOfPem,
} from '../../src/caller/certificate-formats.ts'
import { lastCertificateOf } from '../../src/caller/xfcc.ts'
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

  it('is refused over 65,536 characters, and accepted up to it', () => {
    const count = Math.floor(65_536 / text.length)
    expect(read(text.repeat(count))).toBe('own')
    expect(read(text.repeat(count + 1))).toBe('refused')
    const pem = own.cert.repeat(Math.ceil(65_537 / own.cert.length))
    expect(is(certificateOfPem(pem))).toBe('refused')
    expect(is(certificateOfPem(pem.slice(own.cert.length)))).toBe('own')
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
  it.each([
    ['Cert="a"', 'a'],
    ['Cert=a', 'a'],
    ['cert="a"', 'a'],
    ['By=spiffe://x/y;Hash=0f;Cert="a";Subject="CN=b";URI=spiffe://z;DNS=c;DNS=d', 'a'],
    ['Cert="a";Subject=""', 'a'],
    ['Subject="CN=a,O=\\"b\\";C=d";Cert="a"', 'a'],
    ['Subject="C=d\\\\";Cert="a"', 'a'],
    ['Cert="b",Cert="a"', 'a'],
    ['Cert="b", Cert="a"', 'a'],
    ['Cert="b";Hash=1,Hash=2;Cert="a"', 'a'],
    ['Subject="x,Cert=b";Cert="a"', 'a'],
  ])('the certificate of %s is %s', (text, expected) => {
    expect(lastCertificateOf(text)).toBe(expected)
  })

  it.each([
    ['nothing', ''],
    ['no certificate', 'Hash=0f;Subject="CN=a"'],
    ['a certificate in an element that is not the last', 'Cert="a",Hash=0f'],
    ['a certificate in a value', 'Subject=";Cert=a"'],
    ['two certificates in one element', 'Cert="a";Cert="a"'],
    ['two certificates in one element, one not quoted', 'Cert="a";cert=a'],
    ['an open quote', 'Cert="a'],
    ['an open quote in the element before', 'Subject="x,Cert="a"'],
    ['an element that swallows the next', 'Cert="b";X=",Hash=0f;Cert="a"'],
    ['text behind a quote', 'Cert="a"b'],
    ['text before a quote', 'Cert=b"a"'],
    ['a quote in a value without quotes', 'Cert=a"'],
    ['an escaped quote at the end', 'Cert="a\\"'],
    ['a comma at the end', 'Cert="a",'],
    ['a semicolon at the end', 'Cert="a";'],
    ['a comma at the beginning', ',Cert="a"'],
    ['a space before the key', ' Cert="a"'],
    ['a space behind the key', 'Cert ="a"'],
    ['no key', '="a"'],
    ['a key of other characters', 'x-y=1;Cert="a"'],
    ['no value at all', 'Cert'],
  ])('there is none in %s', (_title, text) => {
    expect(lastCertificateOf(text)).toBeUndefined()
  })
})
