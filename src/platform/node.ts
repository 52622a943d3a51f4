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
import { debuglog } from 'node:util'
import { type AlgorithmName, algorithms } from '../algorithms.ts'
import type { Jwk, MaybePromise } from '../types.ts'
import { derSignature } from './der-signature.ts'
import type { Channel, Platform, PlatformKey } from './types.ts'

export const decodeBase64url: Platform['decodeBase64url'] = (text: string): Uint8Array =>
  Buffer.from(text, 'base64url')

export const encodeBase64url: Platform['encodeBase64url'] = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url')

// One character per byte: the shortest text for a map key, and the cheapest to make.
export const digest: Platform['digest'] = (text: string): string => hash('sha256', text, 'binary')

export const sha256: Platform['sha256'] = (data: string | Uint8Array): string =>
  hash('sha256', data, 'base64url')

export const hmac: Platform['hmac'] = (secret: Uint8Array, text: string): string =>
  createHmac('sha256', secret).update(text).digest('base64url')

// Node's own `webcrypto` tells less reliably than trying, and the answer is wanted once per process.
const mlDsa = ((): boolean => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  return major > 24 || (major === 24 && minor >= 6)
})()

export const supports: Platform['supports'] = (name: AlgorithmName): boolean =>
  algorithms[name].kty !== 'AKP' || mlDsa

/** A key with everything that can be settled before the first token comes. */
interface NodeKey {
  readonly object: KeyObject
  /** Parameters of `verify`, by algorithm. */
  readonly inputs: ReadonlyMap<AlgorithmName, VerifyKeyObjectInput | KeyObject>
  /** Whether one check takes so long that it would delay other requests: those go to the thread pool. */
  readonly pooled: boolean
}

export const importPublicKey: Platform['importPublicKey'] = (
  jwk: Jwk,
  names: readonly AlgorithmName[],
): MaybePromise<PlatformKey> => {
  // Synchronous, so that keys in the configuration need no promise; checks that EC points are on their curve.
  const object = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' })
  const key: NodeKey = {
    object,
    inputs: new Map(names.map((name) => [name, inputFor(name, object)])),
    pooled: isSlow(object, names),
  }
  return key
}

export const importSecret: Platform['importSecret'] = (secret: Uint8Array): PlatformKey => {
  const key: NodeKey = { object: createSecretKey(secret), inputs: new Map(), pooled: false }
  return key
}

function inputFor(name: AlgorithmName, key: KeyObject): VerifyKeyObjectInput | KeyObject {
  // The key itself where that is enough: Node 24 takes 10 µs longer over an object that contains it.
  if (!name.startsWith('PS')) return key
  return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
}

function isSlow(key: KeyObject, names: readonly AlgorithmName[]): boolean {
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
  return bits > 3072 || names.some((name) => slowAlgorithms.includes(name))
}

const slowAlgorithms: readonly AlgorithmName[] = [
  'ES384',
  'ES512',
  'Ed448',
  'ML-DSA-44',
  'ML-DSA-65',
  'ML-DSA-87',
]

export const verifySignature: Platform['verifySignature'] = (
  name: AlgorithmName,
  platformKey: PlatformKey,
  signingInput: string,
  signature: Uint8Array,
): MaybePromise<boolean> => {
  const key = platformKey as NodeKey
  const { kty, hash: hashName, signatureLength } = algorithms[name]
  if (signatureLength !== undefined && signature.length !== signatureLength) return false
  // The alphabet was checked, so every character is one byte.
  const data = Buffer.from(signingInput, 'latin1')
  if (kty === 'oct') {
    const mac = createHmac(hashName as string, key.object)
    return timingSafeEqual(mac.update(data).digest(), signature)
  }
  const input = key.inputs.get(name)
  if (input === undefined) return false
  // Node reads the other form as well, but not where it is given the key itself.
  const bytes = kty === 'EC' ? derSignature(signature) : signature
  if (key.pooled) {
    return new Promise((resolve) => {
      verify(hashName, data, input, bytes, (error, valid) => resolve(error === null && valid))
    })
  }
  try {
    return verify(hashName, data, input, bytes)
  } catch {
    return false
  }
}

export const channel: Platform['channel'] = (name: string): Channel => diagnostics.channel(name)

/** `NODE_DEBUG=oauth-resource-server` */
const log = debuglog('oauth-resource-server')
export const debug: Platform['debug'] = Object.defineProperty(
  (line: string): void => {
    // As an argument, since the line is no format.
    log('%s', line)
  },
  'enabled',
  { get: () => log.enabled },
) as Platform['debug']

export const warn: Platform['warn'] = (message: string, code: string): void => {
  process.emitWarning(message, { code })
}
