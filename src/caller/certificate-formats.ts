import { fromBase64 } from '../jose/base64url.ts'
import { isCertificate } from '../jose/der.ts'
import type { CertificateFormat } from '../options/mtls.ts'
import { lastCertificateOf } from './xfcc.ts'

/** Longest text with a certificate, or a chain. Characters. */
const longest = 65_536

/** Takes DER as it is, if it is one certificate and nothing else. */
export function certificateOfDer(der: Uint8Array | undefined): Uint8Array | undefined {
  return der !== undefined && isCertificate(der) ? der : undefined
}

/** One certificate of PEM (RFC 7468 §5), from where the last one ended. */
const pemBlock =
  /-----BEGIN CERTIFICATE-----\r?\n((?:[\d+/=A-Za-z]+\r?\n)+)-----END CERTIFICATE-----(?:\r?\n|$)/y

/**
 * Reads PEM: certificates and nothing else. Of a chain the first is the client's (RFC 8446 §4.4.2), and the others must
 * be certificates too.
 *
 * @returns its DER, `undefined` for anything else
 */
export function certificateOfPem(text: string): Uint8Array | undefined {
  if (text.length > longest) return undefined
  let first: Uint8Array | undefined
  pemBlock.lastIndex = 0
  do {
    const lines = pemBlock.exec(text)?.[1]
    const der = lines === undefined ? undefined : certificateOfBase64(lines.replaceAll(/\r?\n/g, ''))
    if (der === undefined) return undefined
    first ??= der
  } while (pemBlock.lastIndex < text.length)
  return first
}

function certificateOfBase64(text: string): Uint8Array | undefined {
  return certificateOfDer(fromBase64(text))
}

/** Unreserved characters, those that AWS leaves as they are, and escapes. A space is `%20`: `+` stays what it is. */
const percentEncoded = /^(?:[\w+./=~-]|%[\dA-Fa-f]{2})+$/

function certificateOfEncodedPem(text: string): Uint8Array | undefined {
  if (!percentEncoded.test(text)) return undefined
  return certificateOfPem(
    text.replaceAll(/%(..)/g, (_escape, hex: string) => String.fromCharCode(parseInt(hex, 16))),
  )
}

/** A byte sequence of structured fields (RFC 8941 §3.3.5), without parameters (RFC 9440 §2.1). */
function certificateOfByteSequence(text: string): Uint8Array | undefined {
  return text.startsWith(':') && text.endsWith(':') ? certificateOfBase64(text.slice(1, -1)) : undefined
}

function certificateOfXfcc(text: string): Uint8Array | undefined {
  const certificate = lastCertificateOf(text)
  return certificate === undefined ? undefined : certificateOfEncodedPem(certificate)
}

const readers: Readonly<Record<CertificateFormat, (text: string) => Uint8Array | undefined>> = {
  rfc9440: certificateOfByteSequence,
  'pem-urlencoded': certificateOfEncodedPem,
  xfcc: certificateOfXfcc,
  'der-base64': certificateOfBase64,
}

/**
 * Reads the value of a header with a certificate. Strict: a text in any other format than this one is refused.
 *
 * @returns the DER of one certificate; `undefined` for anything else
 */
export function certificateOfHeader(text: string, format: CertificateFormat): Uint8Array | undefined {
  return text.length > longest ? undefined : readers[format](text)
}
