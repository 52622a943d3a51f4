import { encodeBase64url } from '#platform'
import type { Jwk } from '../types.ts'

/** Tags of ASN.1 that keys are made of (X.690 §8). */
const tags = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectId: 0x06,
  sequence: 0x30,
  version: 0xa0,
}

/** One value of a DER encoding. */
interface DerValue {
  readonly tag: number
  readonly content: Uint8Array
}

/** The kinds of keys we know, by object identifier: of the curve, where the algorithm alone does not determine it. */
const kinds: Readonly<Record<string, (bits: Uint8Array) => Jwk | undefined>> = {
  '2a864886f70d010101': (bits) => rsaKey(sequenceOf(bits)),
  '2a8648ce3d030107': (bits) => pointKey('P-256', 32, bits),
  '2b81040022': (bits) => pointKey('P-384', 48, bits),
  '2b81040023': (bits) => pointKey('P-521', 66, bits),
  '2b6570': (bits) => ({ kty: 'OKP', crv: 'Ed25519', x: encodeBase64url(bits) }),
  '2b6571': (bits) => ({ kty: 'OKP', crv: 'Ed448', x: encodeBase64url(bits) }),
  '608648016503040311': (bits) => ({ kty: 'AKP', alg: 'ML-DSA-44', pub: encodeBase64url(bits) }),
  '608648016503040312': (bits) => ({ kty: 'AKP', alg: 'ML-DSA-65', pub: encodeBase64url(bits) }),
  '608648016503040313': (bits) => ({ kty: 'AKP', alg: 'ML-DSA-87', pub: encodeBase64url(bits) }),
}

/**
 * Reads a public key out of DER: SubjectPublicKeyInfo or the certificate around it (RFC 5280 §4.1), or the bare key
 * of RSA (RFC 8017 §A.1.1). Nothing of a certificate but its key is looked at.
 *
 * @returns `undefined` for anything else, and for keys of a kind we do not verify with
 */
export function publicKeyOfDer(der: Uint8Array): Jwk | undefined {
  const values = sequenceOf(der)
  return rsaKey(values) ?? keyOfInfo(values) ?? keyOfInfo(infoOfCertificate(values))
}

/** Tells whether bytes begin with a key or a certificate in DER, public or private, of whatever algorithm. */
export function isDerOfKey(bytes: Uint8Array): boolean {
  const values = sequenceOf(bytes)
  if (values === undefined) return false
  const numbers = values.filter(({ tag }) => tag === tags.integer)
  // An RSA key is a list of numbers; everything else names its algorithm.
  if (
    numbers.length > 1 &&
    numbers.length === values.length &&
    numbers.some(({ content }) => content.length >= 64)
  )
    return true
  // The private key of a curve has its version first (RFC 5915 §3).
  const [version, secret] = values
  if (version?.tag === tags.integer && secret?.tag === tags.octetString && secret.content.length >= 16)
    return true
  return values.length > 1 && values.some((value) => nested(value)?.[0]?.tag === tags.objectId)
}

/**
 * Tells whether bytes are one certificate (RFC 5280 §4.1) and nothing else, as far as its outline shows: the signed
 * part with a key in it, an algorithm and a signature. What they contain is not checked.
 */
export function isCertificate(bytes: Uint8Array): boolean {
  const whole = valueAt(bytes, 0)
  if (
    whole === undefined ||
    whole.content.length !== bytes.byteLength - (whole.content.byteOffset - bytes.byteOffset)
  )
    return false
  const [signed, algorithm, signature, ...more] = nested(whole) ?? []
  const [, key] = infoOfCertificate(nested(whole)) ?? []
  return (
    signed !== undefined &&
    algorithm?.tag === tags.sequence &&
    signature?.tag === tags.bitString &&
    key?.tag === tags.bitString &&
    more.length === 0
  )
}

function keyOfInfo(values: readonly DerValue[] | undefined): Jwk | undefined {
  const [algorithm, key] = values ?? []
  // The first byte counts unused bits; keys have none.
  if (algorithm === undefined || key?.tag !== tags.bitString || key.content[0] !== 0) return undefined
  const [name, parameters] = nested(algorithm) ?? []
  const found = [parameters, name].map((value) =>
    value?.tag === tags.objectId ? kinds[hexOf(value.content)] : undefined,
  )
  return (found[0] ?? found[1])?.(key.content.subarray(1))
}

function infoOfCertificate(values: readonly DerValue[] | undefined): readonly DerValue[] | undefined {
  const signed = values?.[0] === undefined ? undefined : nested(values[0])
  // Behind serial number, algorithm, issuer, validity and subject; a version may stand before them.
  const info = signed?.[signed[0]?.tag === tags.version ? 6 : 5]
  return info === undefined ? undefined : nested(info)
}

function rsaKey(values: readonly DerValue[] | undefined): Jwk | undefined {
  if (values?.length !== 2 || values.some(({ tag }) => tag !== tags.integer)) return undefined
  const [n, e] = values.map(({ content }) =>
    encodeBase64url(content[0] === 0 ? content.subarray(1) : content),
  )
  return { kty: 'RSA', n, e }
}

/** An uncompressed point of a curve (SEC 1 §2.3.3). */
function pointKey(crv: string, length: number, bits: Uint8Array): Jwk | undefined {
  if (bits[0] !== 4 || bits.length !== 1 + 2 * length) return undefined
  const [x, y] = [bits.subarray(1, 1 + length), bits.subarray(1 + length)]
  return { kty: 'EC', crv, x: encodeBase64url(x), y: encodeBase64url(y) }
}

/** The values of the sequence that bytes begin with. */
function sequenceOf(bytes: Uint8Array): readonly DerValue[] | undefined {
  const value = valueAt(bytes, 0)
  return value === undefined ? undefined : nested(value)
}

/** The values of a sequence; `undefined` when it is none, or when they do not fill it. */
function nested({ tag, content }: DerValue): readonly DerValue[] | undefined {
  if (tag !== tags.sequence) return undefined
  const values: DerValue[] = []
  for (let at = 0; at < content.length;) {
    const value = valueAt(content, at)
    if (value === undefined) return undefined
    values.push(value)
    at = value.content.byteOffset - content.byteOffset + value.content.length
  }
  return values
}

function valueAt(bytes: Uint8Array, at: number): DerValue | undefined {
  const [tag, first] = [bytes[at], bytes[at + 1]]
  if (tag === undefined || first === undefined || first === 0x80 || first > 0x83) return undefined
  // A length of more than seven bits is announced by the number of its bytes.
  const digits = first > 0x80 ? first - 0x80 : 0
  const start = at + 2 + digits
  const length =
    digits === 0 ? first : bytes.subarray(at + 2, start).reduce((sum, byte) => sum * 256 + byte, 0)
  return start + length > bytes.length ? undefined : { tag, content: bytes.subarray(start, start + length) }
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
