import { compactVerify, importJWK, type CryptoKey, type JWK } from 'jose'
import { type AlgorithmName, algorithms } from '../algorithms.ts'
import type { Jwk } from '../types.ts'
import type { Channel, Platform, PlatformKey } from './types.ts'

export const decodeBase64url: Platform['decodeBase64url'] = (text: string): Uint8Array | undefined => {
  try {
    const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
    return Uint8Array.from(binary, (character) => character.charCodeAt(0))
  } catch {
    return undefined
  }
}

export const encodeBase64url: Platform['encodeBase64url'] = (bytes: Uint8Array): string =>
  btoa(binaryOf(bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')

function binaryOf(bytes: Uint8Array): string {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return binary
}

const hashed = async (data: string | Uint8Array): Promise<Uint8Array> => {
  const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : Uint8Array.from(data)
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
}

export const digest: Platform['digest'] = async (text: string): Promise<string> =>
  binaryOf(await hashed(text))

export const sha256: Platform['sha256'] = async (data: string | Uint8Array): Promise<string> =>
  encodeBase64url(await hashed(data))

export const hmac: Platform['hmac'] = async (secret: Uint8Array, text: string): Promise<string> => {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const key = await crypto.subtle.importKey('raw', Uint8Array.from(secret), algorithm, false, ['sign'])
  return encodeBase64url(
    new Uint8Array(await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(text))),
  )
}

/** What every maintained WebCrypto has; Ed448 and ML-DSA are not there yet. */
export const supports: Platform['supports'] = (name: AlgorithmName): boolean =>
  name !== 'Ed448' && algorithms[name].kty !== 'AKP'

// WebCrypto ties a key to one algorithm, so a key that serves several is imported once for each.
type KeyPerAlgorithm = ReadonlyMap<AlgorithmName, CryptoKey | Uint8Array>

export const importPublicKey: Platform['importPublicKey'] = async (
  jwk: Jwk,
  algorithms: readonly AlgorithmName[],
): Promise<PlatformKey> => {
  // `alg`, `use`, `key_ops` and `ext` were checked already; WebCrypto would check them its own way.
  const { alg: _alg, use: _use, key_ops: _operations, ext: _extractable, ...material } = jwk
  const keys = new Map<AlgorithmName, CryptoKey | Uint8Array>()
  for (const name of algorithms) keys.set(name, await importJWK(material as JWK, name))
  return keys
}

export const importSecret: Platform['importSecret'] = (
  secret: Uint8Array,
  algorithms: readonly AlgorithmName[],
): PlatformKey => new Map(algorithms.map((name) => [name, secret]))

export const verifySignature: Platform['verifySignature'] = async (
  name: AlgorithmName,
  key: PlatformKey,
  signingInput: string,
  signature: Uint8Array,
): Promise<boolean> => {
  const { signatureLength } = algorithms[name]
  if (signatureLength !== undefined && signature.length !== signatureLength) return false
  const platformKey = (key as KeyPerAlgorithm).get(name)
  if (platformKey === undefined) return false
  try {
    await compactVerify(`${signingInput}.${encodeBase64url(signature)}`, platformKey, { algorithms: [name] })
    return true
  } catch {
    return false
  }
}

const silent: Channel = { hasSubscribers: false, publish: () => undefined }

export const channel: Platform['channel'] = (): Channel => silent

// There is no NODE_DEBUG.
export const debug: Platform['debug'] = Object.assign(() => undefined, { enabled: false })

// There are no warnings of a process where there is no process.
export const warn: Platform['warn'] = (): void => undefined
