import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { CompactEncrypt, type CompactJWEHeaderParameters } from 'jose'
import type { Jwk, DecryptionOptions } from 'oauth-resource-server'
import { b64 } from './tokens.ts'

/** A key pair of the API. */
export interface EncryptionPair {
  readonly publicKey: KeyObject
  /** The private key, with what is changed; `undefined` removes. */
  readonly jwk: (change?: object) => Jwk
}

function pairOf({ publicKey, privateKey }: { publicKey: KeyObject; privateKey: KeyObject }): EncryptionPair {
  const jwk = privateKey.export({ format: 'jwk' })
  return {
    publicKey,
    jwk: (change = {}) => JSON.parse(JSON.stringify({ ...jwk, ...change })) as Jwk,
  }
}

/** Keys of each kind, made once for a file of tests. */
export const rsa = pairOf(generateKeyPairSync('rsa', { modulusLength: 2048 }))
export const p256 = pairOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }))
export const x25519 = pairOf(generateKeyPairSync('x25519'))

/** An API that decrypts with an RSA and a P-256 key. */
export const decryption = {
  keys: [rsa.jwk({ kid: 'rsa', use: 'enc' }), p256.jwk({ kid: 'p256' })],
  algorithms: ['RSA-OAEP-256', 'ECDH-ES', 'ECDH-ES+A128KW', 'ECDH-ES+A256KW'],
  encryption: ['A256GCM', 'A128GCM', 'A128CBC-HS256'],
} as const satisfies DecryptionOptions

/** Header of an encrypted token that is accepted. */
export const goodHeader = { alg: 'RSA-OAEP-256', enc: 'A256GCM', cty: 'JWT', kid: 'rsa' } as const

/** Encrypts a text; `undefined` removes a member of the header. */
export async function encrypt(
  text: string,
  change: object = {},
  key: KeyObject = rsa.publicKey,
): Promise<string> {
  const header = JSON.parse(JSON.stringify({ ...goodHeader, ...change })) as CompactJWEHeaderParameters
  const crit = (header as { crit?: string[] }).crit ?? []
  return new CompactEncrypt(new TextEncoder().encode(text))
    .setProtectedHeader(header)
    .encrypt(key, { crit: Object.fromEntries(crit.map((name) => [name, true])) })
}

/** A token in the form of an encrypted one, with any header and random content. */
export function junk(header: object, keyLength = 256): string {
  const bytes = (length: number): string => b64(crypto.getRandomValues(new Uint8Array(length)))
  return [
    b64(JSON.stringify(header)),
    keyLength === 0 ? '' : bytes(keyLength),
    bytes(12),
    bytes(600),
    bytes(16),
  ].join('.')
}
