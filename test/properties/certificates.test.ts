import fc from 'fast-check'
import { clientCertificate, createResourceServer, type CertificateFormat } from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'
import { certificateOfHeader, certificateOfPem } from '../../src/caller/certificate-formats.ts'
import { lastCertificateOf } from '../../src/caller/xfcc.ts'
import { testCertificate, written } from '../support/certificates.ts'
import { verdict } from '../support/tokens.ts'

const issuer = await createTestIssuer()
const own = await testCertificate('client')
const token = await issuer.sign({ cnf: { 'x5t#S256': own.thumbprint } })
const formats: readonly CertificateFormat[] = ['rfc9440', 'pem-urlencoded', 'xfcc', 'der-base64']

/** Text that looks like what proxies write. */
const nearly = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'Cert="',
        '"',
        '\\',
        ';',
        ',',
        '=',
        ':',
        '%0A',
        '%',
        '-----BEGIN CERTIFICATE-----\n',
        '\n',
      ),
      fc.constantFrom(...Object.values(written).map((write) => write(own))),
      fc.string({ maxLength: 5 }),
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(''))

describe.each(formats)('any text in the format %s', (format) => {
  const api = createResourceServer({
    ...issuer.options,
    mtls: { certificate: clientCertificate('client-cert', { format }) },
  })

  it('is a certificate or refused, and never another error', async () => {
    const outcomes = new Set<string>()
    await fc.assert(
      fc.asyncProperty(fc.oneof(nearly, fc.string({ unit: 'binary' })), async (text) => {
        const headers = { authorization: `Bearer ${token}`, 'client-cert': text }
        const outcome = await verdict(api.authenticate({ method: 'GET', url: '/', headers }))
        outcomes.add(outcome)
        expect(['200', '401 binding', '400 malformed']).toContain(outcome)
      }),
      { numRuns: 300 },
    )
    expect(outcomes).toContain('401 binding')
  })

  it('gives the very bytes of a certificate or nothing, one changed character included', () => {
    const write = {
      rfc9440: written.rfc9440,
      'pem-urlencoded': written.nginx,
      xfcc: written.envoy,
      'der-base64': written.haproxy,
    }
    const text = write[format](own)
    fc.assert(
      fc.property(
        fc.nat(text.length - 1),
        fc.constantFrom('A', 'z', '0', '+', '/', '=', ':', '%', ';', ',', '"', ' '),
        (at, character) => {
          const changed = text.slice(0, at) + character + text.slice(at + 1)
          const found = certificateOfHeader(changed, format)
          const isSame = found !== undefined && own.der.equals(found)
          // The rest of an XFCC element may be anything, and a base64 digit is another certificate.
          if (isSame && format !== 'xfcc') expect(changed).toBe(text)
        },
      ),
      { numRuns: 300 },
    )
  })
})

describe('xfcc', () => {
  const value = fc.string({ unit: 'grapheme-ascii', maxLength: 12 })
  const quoted = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
  const plain = fc.stringMatching(/^[\w%.~-]{0,12}$/)

  it('finds the certificate of the last element, whatever stands in the others', () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 4 }), value, plain, (before, subject, certificate) => {
        const elements = before.map((text) => `Cert="other";Subject=${quoted(text)}`)
        const text = [...elements, `Subject=${quoted(subject)};Cert="${certificate}"`].join(',')
        expect(lastCertificateOf(text)).toBe(certificate)
      }),
    )
  })

  it('never finds a certificate of the client before the element that the proxy appends', () => {
    fc.assert(
      fc.property(nearly, (client) => {
        const found = lastCertificateOf(`${client},Hash=0f;Cert="proxy";Subject="CN=a"`)
        expect([undefined, 'proxy']).toContain(found)
      }),
      { numRuns: 500 },
    )
  })
})

describe('PEM', () => {
  it('is read in linear time', () => {
    const started = performance.now()
    certificateOfPem(`-----BEGIN CERTIFICATE-----\n${'A\n'.repeat(30_000)}`)
    certificateOfPem(`-----BEGIN CERTIFICATE-----\n${'A'.repeat(60_000)}`)
    lastCertificateOf(`Cert="${'\\"'.repeat(30_000)}`)
    expect(performance.now() - started).toBeLessThan(200)
  })
})
