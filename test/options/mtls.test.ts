import { clientCertificate, createResourceServer } from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'
import { mtlsSettings } from '../../src/options/mtls.ts'

const issuer = await createTestIssuer()
const make = (mtls: unknown) => () =>
  createResourceServer({ ...issuer.options, mtls: mtls as { certificate: 'socket' } })

describe('the option mtls', () => {
  it.each([
    ['the socket', { certificate: 'socket' }],
    ['a function', { certificate: () => undefined }],
    ['nothing', undefined],
  ])('may be %s', (_title, mtls) => {
    expect(make(mtls)).not.toThrow()
  })

  it('tells where the certificate is', () => {
    const find = (): string => 'PEM'
    const header = clientCertificate('Client-Cert', { format: 'rfc9440' })
    expect(make({ certificate: header })).not.toThrow()
    expect(mtlsSettings({ certificate: header })).toEqual({ from: 'header', ...header })
    expect(mtlsSettings({ certificate: 'socket' })).toEqual({ from: 'socket' })
    expect(mtlsSettings({ certificate: find })).toEqual({ from: 'function', find })
    expect(mtlsSettings(undefined)).toBeUndefined()
  })

  it.each([
    [null, /^mtls\b/],
    [true, /^mtls\b/],
    [{}, /^mtls\.certificate: set 'socket', clientCertificate\(/],
    [{ certificate: null }, /^mtls\.certificate: set 'socket'/],
    [{ certificate: 'header' }, /^mtls\.certificate: set 'socket'/],
    [{ certificate: {} }, /^clientCertificate: the first argument/],
    [
      { certificate: { header: 'client-cert' } },
      /^clientCertificate: format must be one of rfc9440, pem-urlencoded, xfcc, der-base64$/,
    ],
    [
      { certificate: { header: 'a', format: 'xfcc', chain: true } },
      /^mtls\.certificate: unknown option chain/,
    ],
    [{ certificate: 'socket', required: true }, /^mtls: unknown option required/],
  ])('is a TypeError for %o', (mtls, message) => {
    expect(make(mtls)).toThrow(TypeError)
    expect(make(mtls)).toThrow(message)
  })
})

describe('clientCertificate()', () => {
  it('takes the name of the header in any case, and cannot be changed', () => {
    const certificate = clientCertificate('X-Client-CERT', { format: 'der-base64' })
    expect(certificate).toEqual({ header: 'x-client-cert', format: 'der-base64' })
    expect(Object.isFrozen(certificate)).toBe(true)
  })

  it.each([[''], ['a b'], ['a:b'], ['a\n'], ['ä'], ['x'.repeat(129)], [undefined], [5]])(
    'refuses %o as a name',
    (name) => {
      expect(() => clientCertificate(name as string, { format: 'xfcc' })).toThrow(
        /^clientCertificate: the first argument must be the name of a header/,
      )
    },
  )

  it.each([
    [undefined],
    [null],
    [{}],
    [{ format: 'pem' }],
    [{ format: 'toString' }],
    [{ format: 'xfcc', x: 1 }],
  ])('refuses %o as options', (options) => {
    expect(() => clientCertificate('a', options as { format: 'xfcc' })).toThrow(/^clientCertificate/)
    expect(() => clientCertificate('a', options as { format: 'xfcc' })).toThrow(TypeError)
  })

  it('accepts names up to 128 characters', () => {
    expect(clientCertificate('x'.repeat(128), { format: 'xfcc' }).header).toHaveLength(128)
  })
})
