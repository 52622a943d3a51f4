import { sha256 } from '#platform'
import { InvalidRequestError, InvalidTokenError } from '../errors.ts'
import { onlyHeader } from '../http/headers.ts'
import { isEqualText } from '../lib/equal-text.ts'
import type { Limited } from '../lib/limited.ts'
import { andThen } from '../lib/maybe-promise.ts'
import type { CertificateHeader, MtlsSettings } from '../options/mtls.ts'
import type { HttpRequest, MaybePromise } from '../types.ts'
import { certificateOfDer, certificateOfHeader, certificateOfPem } from './certificate-formats.ts'
import type { ConfirmationMethod } from './confirmation.ts'

/**
 * Makes the check of certificates (RFC 8705 §3): the client of this request has the certificate that the token is bound
 * to. That it has the private key was proved to whoever ended TLS. Chain, dates and names are not checked.
 *
 * @param limit of the function of the application
 */
export function mtlsMethod(settings: MtlsSettings, limit: Limited): ConfirmationMethod {
  const find = finderOf(settings, limit)
  return {
    member: 'x5t#S256',
    confirm(expected, _token, { request }) {
      if (typeof expected !== 'string' || !thumbprint.test(expected)) throw notConfirmed(malformedMember)
      if (request === undefined) throw notConfirmed(noRequest)
      return andThen(find(request), (certificate) =>
        andThen(sha256(certificate), (actual) => {
          if (!isEqualText(actual, expected)) throw notConfirmed(anotherCertificate)
          return undefined
        }),
      )
    },
  }
}

/** SHA-256 in base64url without padding (§3.1). */
const thumbprint = /^[\w-]{43}$/

/** Finds the DER of the client's certificate. @throws {AuthError} when there is none, or it cannot be read */
type CertificateFinder = (request: HttpRequest) => MaybePromise<Uint8Array>

function finderOf(settings: MtlsSettings, limit: Limited): CertificateFinder {
  if (settings.from === 'socket') return certificateOfSocket
  if (settings.from === 'header') return (request) => certificateInHeader(request, settings)
  const { find } = settings
  return (request) => andThen(limit(find(request.raw ?? request)), certificateOfFunction)
}

/** What we read of a request of Node, or of the stream of its HTTP/2. */
interface Connected {
  readonly socket?: unknown
  readonly session?: { readonly socket?: unknown } | undefined
}

interface TlsSocket {
  readonly getPeerCertificate?: () => { readonly raw?: Uint8Array } | null | undefined
}

function certificateOfSocket(request: HttpRequest): Uint8Array {
  const raw = (request.raw ?? request) as Connected
  const socket = (raw.socket ?? raw.session?.socket) as TlsSocket | null | undefined
  if (socket === undefined || socket === null) throw new TypeError(noSocket)
  if (typeof socket.getPeerCertificate !== 'function') throw notConfirmed(noTls)
  // Node returns an empty object where there is none, and nothing where the connection is over.
  const certificate = socket.getPeerCertificate()?.raw
  if (certificate === undefined) throw notConfirmed(noCertificate)
  return certificate
}

function certificateInHeader(request: HttpRequest, { header, format }: CertificateHeader): Uint8Array {
  const text = onlyHeader(request, header, () => moreThanOne(header))
  if (text === undefined || text === '') {
    throw notConfirmed(
      `the request has no header ${header}: the client has no certificate, or the proxy does not set the header`,
    )
  }
  // Node and the web platform join two headers like this. The elements of XFCC are joined in the same way.
  if (format !== 'xfcc' && text.includes(',')) throw moreThanOne(header)
  const certificate = certificateOfHeader(text, format)
  if (certificate !== undefined) return certificate
  throw notConfirmed(
    `the header ${header} has no certificate in the format ${format}: set the format that the proxy writes`,
  )
}

function certificateOfFunction(found: unknown): Uint8Array {
  if (found === undefined || found === null) throw notConfirmed(noCertificate)
  let certificate: Uint8Array | undefined
  if (typeof found === 'string') certificate = certificateOfPem(found)
  else if (found instanceof Uint8Array) certificate = certificateOfDer(found)
  else {
    throw new TypeError(
      'mtls.certificate: the function must return PEM as a string, DER as a Uint8Array, or undefined',
    )
  }
  if (certificate === undefined) throw notConfirmed(notACertificate)
  return certificate
}

const malformedMember =
  'x5t#S256 must be the SHA-256 hash of a certificate, in base64url without padding; the issuer made another value'
const noRequest =
  'a token that is bound to a certificate needs the request that it came with: use api.authenticate(request)'
const noSocket =
  "mtls.certificate: 'socket' reads the TLS connection of Node, and this request has none; set clientCertificate(header, { format }), or a function that returns the certificate"
const noTls =
  'the request came without TLS; where a proxy ends TLS, set mtls.certificate to clientCertificate(header, { format })'
const noCertificate =
  'the client sent no certificate: it must connect with the one that the token is bound to; a server of Node needs requestCert: true'
const notACertificate =
  'the function of mtls.certificate returned text that is not a certificate in PEM, or bytes that are not one in DER'
const anotherCertificate =
  'the client has another certificate than the token is bound to: after a renewal it must get a new token; or somebody stole it'

function notConfirmed(hint: string): InvalidTokenError {
  return new InvalidTokenError('binding', { detail: { claim: 'cnf', expected: 'x5t#S256', hint } })
}

function moreThanOne(header: string): InvalidRequestError {
  const hint = `the header ${header} came twice: the proxy must replace what the client sent, and not add to it`
  return new InvalidRequestError('The header with the client certificate was sent more than once', {
    detail: { hint },
  })
}
