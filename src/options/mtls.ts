import type { MaybePromise, TokenRequest } from '../types.ts'
import { optionsReader } from './reader.ts'

const formats = ['rfc9440', 'pem-urlencoded', 'xfcc', 'der-base64'] as const

/** How a proxy writes the certificate of a client into a header; see {@link clientCertificate}. */
export type CertificateFormat = (typeof formats)[number]

/** What {@link clientCertificate} returns. */
export interface CertificateHeader {
  /** Name of the header, in lower case. */
  readonly header: string
  readonly format: CertificateFormat
}

/**
 * Returns the certificate of the client: PEM, DER, or `undefined` where the client has none. Of a PEM chain the first
 * certificate counts. It must come from what proved that the client has the private key, never from what a client can
 * write.
 *
 * @template R the framework's request (Koa: `ctx`)
 */
export type CertificateFunction<R = TokenRequest> = {
  of(request: R): MaybePromise<string | Uint8Array | null | undefined>
}['of']

/** Where the certificate of the client is (RFC 8705 §3). */
export interface MtlsOptions<R = TokenRequest> {
  /**
   * `'socket'`: the TLS connection of the request, where this process ends TLS, with `requestCert: true`.
   * `clientCertificate(header, { format })`: one header that a proxy sets. Or a function; a promise of it may take
   * `hookTimeoutMs`.
   */
  readonly certificate: 'socket' | CertificateHeader | CertificateFunction<R>
}

/** {@link MtlsOptions} checked. What the function returns is not checked yet. */
export type MtlsSettings =
  | { readonly from: 'socket' }
  | ({ readonly from: 'header' } & CertificateHeader)
  | { readonly from: 'function'; readonly find: (request: unknown) => unknown }

/** A field name (RFC 9110 §5.1). */
const fieldName = /^[\w!#$%&'*+.^`|~-]{1,128}$/

/**
 * Reads the certificate of the client from one header, for the option `mtls.certificate`. The proxy in front of this
 * API must set that header on every request, whatever the client sent, and nobody may reach this API but through it:
 * whoever can write the header can use every stolen token.
 *
 * Formats: `rfc9440` is `:base64:` (RFC 9440), `pem-urlencoded` is nginx's `$ssl_client_escaped_cert` and what AWS ALB
 * sends, `xfcc` is Envoy's `x-forwarded-client-cert` (the last element, with `Cert`), `der-base64` is HAProxy's
 * `ssl_c_der,base64`. The chain and the dates of the certificate are not checked here.
 *
 * @param header its name, in any case
 * @throws {TypeError} for a name that no header can have, or an unknown format
 */
export function clientCertificate(
  header: string,
  options: { readonly format: CertificateFormat },
): CertificateHeader {
  if (typeof header !== 'string' || !fieldName.test(header)) {
    throw new TypeError(
      "clientCertificate: the first argument must be the name of a header, for example 'Client-Cert'",
    )
  }
  const { format } = optionsReader(options, 'clientCertificate', ['format']).values
  if (!formats.includes(format as CertificateFormat)) {
    throw new TypeError(`clientCertificate: format must be one of ${formats.join(', ')}`)
  }
  return Object.freeze({ header: header.toLowerCase(), format: format as CertificateFormat })
}

/**
 * Checks the `mtls` option.
 *
 * @throws {TypeError} naming the option and the fix
 */
export function mtlsSettings(value: unknown): MtlsSettings | undefined {
  if (value === undefined) return undefined
  const { certificate } = optionsReader(value, 'mtls', ['certificate']).values
  if (certificate === 'socket') return { from: 'socket' }
  if (typeof certificate === 'function') {
    return { from: 'function', find: certificate as (request: unknown) => unknown }
  }
  if (typeof certificate === 'object' && certificate !== null) {
    const { header, format } = optionsReader(certificate, 'mtls.certificate', ['header', 'format']).values
    return { from: 'header', ...clientCertificate(header as string, { format: format as CertificateFormat }) }
  }
  throw new TypeError(
    "mtls.certificate: set 'socket', clientCertificate(header, { format }) or a function that returns the certificate",
  )
}
