import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import type { JSONWebKeySet, JWK } from 'jose'

/** Header parameters or claims by name. */
export type JsonObject = Record<string, unknown>

/** A token taken apart, not verified. */
export interface Opened {
  readonly header: JsonObject
  readonly claims: JsonObject
  readonly signature: Buffer
}

/** Takes a sound token apart. */
export function opened(token: string): Opened {
  const [header = '', claims = '', signature = ''] = token.split('.')
  const parse = (part: string): JsonObject =>
    JSON.parse(Buffer.from(part, 'base64url').toString()) as JsonObject
  return {
    header: parse(header),
    claims: parse(claims),
    signature: Buffer.from(signature, 'base64url'),
  }
}

/** Puts a token together. @param claims as text, where they are more than an object can have */
export function compact(header: JsonObject, claims: JsonObject | string, signature: Buffer): string {
  return `${inputOf(header, claims)}.${signature.toString('base64url')}`
}

/** The same header and payload, character for character, with another signature. */
export function withSignature(token: string, signature: Buffer): string {
  return `${token.slice(0, token.lastIndexOf('.'))}.${signature.toString('base64url')}`
}

/** Signs with HMAC and SHA-256. */
export function hmacSigned(header: JsonObject, claims: JsonObject, secret: string): string {
  return compact(header, claims, createHmac('sha256', secret).update(inputOf(header, claims)).digest())
}

/** The forger's own key pair, with its public part as JWK. */
interface ForgerKey {
  readonly jwk: JWK
  readonly privateKey: KeyObject
}

let made: ForgerKey | undefined

/** Made when it is first needed. */
export function forgerKey(): ForgerKey {
  if (made === undefined) {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'forger-1', alg: 'RS256', use: 'sig' } as JWK
    made = { jwk, privateKey }
  }
  return made
}

/** Signs for real, with the forger's key. @param header on top of a usual one */
export function signedByForger(header: JsonObject, claims: JsonObject): string {
  const whole = { alg: 'RS256', typ: 'at+jwt', kid: forgerKey().jwk.kid, ...header }
  const signature = sign('sha256', Buffer.from(inputOf(whole, claims)), forgerKey().privateKey)
  return compact(whole, claims, signature)
}

/** The public key of an issuer that verifies a token, or any other of its keys. */
export function publicKeyOf({ keys }: JSONWebKeySet, kid: unknown): KeyObject {
  const jwk = keys.find((key) => key.kid === kid) ?? keys[0]
  if (jwk === undefined) throw new TypeError('the issuer publishes no key')
  return createPublicKey({ key: jwk, format: 'jwk' })
}

/** Name of the issuer's key for an algorithm. */
export function keyIdFor({ keys }: JSONWebKeySet, alg: string): string | undefined {
  return keys.find((key) => key.alg === alg)?.kid
}

/** What a signature is made over: header and payload as base64url. */
export function inputOf(header: JsonObject, claims: JsonObject | string): string {
  const encode = (part: JsonObject | string): string =>
    Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url')
  return `${encode(header)}.${encode(claims)}`
}
