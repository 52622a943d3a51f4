import { fromBase64url } from '../jose/base64url.ts'
import { publicKeyOfDer } from '../jose/der.ts'

/** Labels of PEM texts with a public key in them (RFC 7468 §5, §13). */
const publicLabels = ['PUBLIC KEY', 'RSA PUBLIC KEY', 'CERTIFICATE', 'X509 CERTIFICATE']

/**
 * Reads the `publicKey` option: PEM (SubjectPublicKeyInfo or a certificate), a JWK, or a `KeyObject` of Node. Nothing
 * of a certificate but its key is looked at.
 *
 * @returns a JWK, as far as it can be told; whether its key is fit for use is not checked here
 * @throws {TypeError} for anything else; a public key is never derived from a private one
 */
export function publicKeyOf(value: unknown, name: string): object {
  if (typeof value === 'string') return keyOfPem(value, name)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw notAKey(name)
  const { type, export: exportKey } = value as { type?: unknown; export?: unknown }
  if (typeof exportKey === 'function') {
    if (type !== 'public') throw notPublic(name)
    return exported(value as KeyObjectLike, name)
  }
  if ('algorithm' in value && 'extractable' in value) {
    throw new TypeError(
      `${name}: must not be a CryptoKey; pass KeyObject.from(key), or the key exported as JWK`,
    )
  }
  if (Array.isArray((value as { keys?: unknown }).keys)) {
    throw new TypeError(`${name}: must be one key; pass a JWK Set as jwks`)
  }
  return value
}

interface KeyObjectLike {
  readonly export: (options: { readonly format: 'jwk' }) => object
}

function exported(key: KeyObjectLike, name: string): object {
  try {
    return key.export({ format: 'jwk' })
  } catch (cause) {
    throw new TypeError(`${name}: this kind of key cannot verify tokens`, { cause })
  }
}

function keyOfPem(text: string, name: string): object {
  const [before, label, content, end, ...more] = text.split(/-----(?:BEGIN|END) ([A-Z0-9 ]{1,40})-----/)
  if (label?.endsWith('PRIVATE KEY') === true) throw notPublic(name)
  if (before === undefined || content === undefined || label !== end || label === undefined)
    throw notAKey(name)
  if (!publicLabels.includes(label)) throw notAKey(name)
  if (more.length > 1) throw new TypeError(`${name}: must be one key; pass several as jwks`)
  // Environment variables often have their line ends as text.
  const base64 = content
    .replaceAll(/\\[nr]|[\s=]/g, '')
    .replaceAll('+', '-')
    .replaceAll('/', '_')
  const der = fromBase64url(base64)
  const jwk = der === undefined ? undefined : publicKeyOfDer(der)
  if (jwk !== undefined) return jwk
  throw new TypeError(`${name}: the PEM text has no key of RSA, P-256, P-384, P-521, Ed25519 or Ed448 in it`)
}

function notAKey(name: string): TypeError {
  return new TypeError(
    `${name}: must be a public key as PEM (BEGIN PUBLIC KEY or BEGIN CERTIFICATE), JWK or KeyObject`,
  )
}

function notPublic(name: string): TypeError {
  return new TypeError(
    `${name}: is a private or secret key, which has no place in an API; pass the public key alone`,
  )
}
