import { fromBase64url } from '../jose/base64url.ts'
import type { DecryptionKey } from '../jose/decrypt.ts'
import { agreementCurves, type KeyAlgorithm, keyAlgorithms } from '../jose/jwe-algorithms.ts'
import { flawOfRsa } from '../jose/rsa.ts'
import { own } from '../lib/objects.ts'
import type { Jwk } from '../types.ts'

/** Members every private key of a kind must have (RFC 7518 §6, RFC 8037 §2). */
const membersOf = {
  RSA: ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'],
  EC: ['x', 'y', 'd'],
  OKP: ['x', 'd'],
} as const

/** What a private key of either kind may be used for (RFC 7517 §4.3). */
const operations: readonly unknown[] = ['decrypt', 'unwrapKey', 'deriveKey', 'deriveBits']

const longestKeyId = 256

/**
 * Checks a private key as far as its form tells: its kind, size and purpose, and that one of the accepted algorithms
 * fits. A key without `alg` serves every accepted algorithm that fits.
 *
 * @param at name of the option for messages, which never show the key
 * @throws {TypeError}
 */
export function decryptionKey(value: unknown, at: string, accepted: readonly KeyAlgorithm[]): DecryptionKey {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isKeyObject(value)) {
    throw new TypeError(
      `${at}: must be a private key as a JWK object; for a PEM: createPrivateKey(pem).export({ format: 'jwk' }) of Node's crypto`,
    )
  }
  const [kty, crv, use, kid, alg] = ['kty', 'crv', 'use', 'kid', 'alg'].map((name) => own(value, name))
  const kind = kindOf(kty, crv)
  if (kind === undefined) {
    throw new TypeError(`${at}: must be a key of kty RSA, EC (P-256, P-384, P-521) or OKP (X25519)`)
  }
  if (use !== undefined && use !== 'enc') {
    throw new TypeError(`${at}: use must be 'enc'; a key that signs must not decrypt`)
  }
  checkOperations(own(value, 'key_ops'), at)
  if (kid !== undefined && (typeof kid !== 'string' || kid === '' || kid.length > longestKeyId)) {
    throw new TypeError(`${at}: kid must be a string of 1 to ${longestKeyId} characters`)
  }
  const jwk = privatePart(value, kind, at)
  checkStrength(jwk, kind, at)
  const family = kind === 'RSA' ? 'RSA' : 'ECDH'
  const algorithms = accepted.filter(
    (name) => keyAlgorithms[name] === family && (alg === undefined || alg === name),
  )
  if (algorithms.length === 0) {
    throw new TypeError(`${at}: no algorithm of decryption.algorithms fits the key and its alg`)
  }
  return { at, jwk, kid, crv: kind === 'RSA' ? undefined : (crv as string), algorithms }
}

/** Whether it is a key of `node:crypto` or of Web Crypto, whose members are not those of a JWK. */
function isKeyObject(value: object): boolean {
  const { type, kty } = value as { type?: unknown; kty?: unknown }
  return kty === undefined && (type === 'private' || type === 'public' || type === 'secret')
}

function kindOf(kty: unknown, crv: unknown): keyof typeof membersOf | undefined {
  if (kty === 'RSA') return kty
  // Ed25519 keys are for signatures alone (RFC 8037 §3.1).
  if (kty === 'OKP') return crv === 'X25519' ? kty : undefined
  const isCurve = typeof crv === 'string' && Object.hasOwn(agreementCurves, crv) && crv !== 'X25519'
  return kty === 'EC' && isCurve ? kty : undefined
}

function checkOperations(value: unknown, at: string): void {
  const isFit = Array.isArray(value) && value.length > 0 && value.every((it) => operations.includes(it))
  if (value !== undefined && !isFit) {
    throw new TypeError(`${at}: key_ops must be a list of decrypt, unwrapKey, deriveKey or deriveBits`)
  }
}

/** The members the import needs, each checked; the others are none of its business. */
function privatePart(value: object, kind: keyof typeof membersOf, at: string): Jwk {
  const part: Record<string, unknown> = { kty: kind }
  if (kind !== 'RSA') part['crv'] = own(value, 'crv')
  for (const name of membersOf[kind]) {
    const member = own(value, name)
    if (typeof member !== 'string' || fromBase64url(member) === undefined) {
      throw new TypeError(
        `${at}: needs the member ${name} in base64url: set the private key, not the public one`,
      )
    }
    part[name] = member
  }
  return part
}

function checkStrength(jwk: Jwk, kind: keyof typeof membersOf, at: string): void {
  if (kind === 'RSA') {
    const flaw = flawOfRsa(jwk)
    if (flaw !== undefined) {
      throw new TypeError(
        `${at}: must be an RSA key of 2048 to 8192 bits with a sane exponent; its ${flaw} is not acceptable`,
      )
    }
    return
  }
  const length = agreementCurves[jwk['crv'] as string]
  for (const name of membersOf[kind]) {
    if (fromBase64url(jwk[name] as string)?.length !== length) {
      throw new TypeError(`${at}: the member ${name} has another length than the curve needs`)
    }
  }
}
