import {
  constants,
  createHmac,
  createPublicKey,
  createSecretKey,
  hash,
  type JsonWebKey,
  type KeyObject,
  timingSafeEqual,
  verify,
  type VerifyKeyObjectInput,
} from 'node:crypto'
import diagnostics from 'node:diagnostics_channel'
import { type AlgorithmName, algorithms } from '../algorithms.ts'
import type { Jwk, MaybePromise } from '../types.ts'
import type { Channel, Platform, PlatformKey } from './types.ts'

export const decodeBase64url: Platform['decodeBase64url'] = (text: string): Uint8Array =>
  Buffer.from(text, 'base64url')

export const encodeBase64url: Platform['encodeBase64url'] = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url')

// One character per byte: the shortest text for a map key, and the cheapest to make.
export const digest: Platform['digest'] = (text: string): string => hash('sha256', text, 'binary')

// Node's own `webcrypto` tells less reliably than trying, and the answer is wanted once per process.
const mlDsa = ((): boolean => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  return major > 24 || (major === 24 && minor >= 6)
})()

export const supports: Platform['supports'] = (name: AlgorithmName): boolean =>
  algorithms[name].kty !== 'AKP' || mlDsa

export const importPublicKey: Platform['importPublicKey'] = (jwk: Jwk): MaybePromise<PlatformKey> =>
  // Synchronous, so that keys written in the configuration need no promise; checks that EC points are on their curve.
  createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' })

export const importSecret: Platform['importSecret'] = (secret: Uint8Array): MaybePromise<PlatformKey> =>
  createSecretKey(secret)

/** Checks that take long enough to hold up other requests, and go to the thread pool instead. */
function isSlow(name: AlgorithmName, key: KeyObject): boolean {
  const { modulusLength } = key.asymmetricKeyDetails ?? {}
  return name === 'ES512' || name === 'Ed448' || (modulusLength !== undefined && modulusLength > 3072)
}

export const verifySignature: Platform['verifySignature'] = (
  name: AlgorithmName,
  key: PlatformKey,
  signingInput: string,
  signature: Uint8Array,
): MaybePromise<boolean> => {
  const keyObject = key as KeyObject
  const { kty, hash: hashName, signatureLength } = algorithms[name]
  if (signatureLength !== undefined && signature.length !== signatureLength) return false
  // The alphabet was checked, so every character is one byte.
  const data = Buffer.from(signingInput, 'latin1')
  if (kty === 'oct') {
    const expected = createHmac(hashName as string, keyObject)
      .update(data)
      .digest()
    return timingSafeEqual(expected, signature)
  }
  const input: VerifyKeyObjectInput = { key: keyObject }
  if (kty === 'EC') input.dsaEncoding = 'ieee-p1363'
  if (name.startsWith('PS')) {
    input.padding = constants.RSA_PKCS1_PSS_PADDING
    input.saltLength = constants.RSA_PSS_SALTLEN_DIGEST
  }
  if (isSlow(name, keyObject)) {
    return new Promise((resolve) => {
      verify(hashName, data, input, signature, (error, valid) => resolve(error === null && valid))
    })
  }
  try {
    return verify(hashName ?? null, data, input, signature)
  } catch {
    return false
  }
}

export const channel: Platform['channel'] = (name: string): Channel => diagnostics.channel(name)
