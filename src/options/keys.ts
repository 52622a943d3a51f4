import { importSecret, supports } from '#platform'
import {
  type AlgorithmName,
  algorithms,
  defaultAlgorithms,
  isAlgorithmName,
  secretAlgorithms,
} from '../algorithms.ts'
import { checkFetchable, checkText, checkTexts, type OptionsObject } from './reader.ts'
import { importKeySet, type KeySet } from '../jose/key-set.ts'
import type { VerificationKey } from '../jose/jwk.ts'
import { andThen } from '../lib/maybe-promise.ts'
import type { MaybePromise } from '../types.ts'

/** Where the keys are, one way or another. */
export type ConfiguredKeys =
  | { readonly from: 'metadata' }
  | { readonly from: 'uri'; readonly uri: string }
  | { readonly from: 'set'; readonly set: MaybePromise<KeySet> }
  | { readonly from: 'secret'; readonly key: MaybePromise<VerificationKey> }

/** Most keys a set in the configuration may have. */
const maxConfiguredKeys = 1000

/** The algorithms of an issuer, or the ones its kind of key allows. @throws {TypeError} */
export function checkAlgorithms(
  options: OptionsObject,
  at: (name: string) => string,
): readonly AlgorithmName[] {
  const symmetric = options['secret'] !== undefined
  const given = options['algorithms']
  if (given === undefined) {
    if (!symmetric) return defaultAlgorithms.filter(supports)
    return secretAlgorithms.filter((name) => secretBytes(options, at).length >= hashLength(name))
  }
  const names = checkTexts(given, at('algorithms'))
  return names.map((name) => {
    if (!isAlgorithmName(name)) {
      throw new TypeError(
        `${at('algorithms')}: ${JSON.stringify(name)} is not an algorithm that can be accepted; name RS256, ES256, EdDSA or the like`,
      )
    }
    if ((algorithms[name].kty === 'oct') !== symmetric) {
      throw new TypeError(
        symmetric
          ? `${at('algorithms')}: a secret is for HS256, HS384 and HS512 alone; drop ${name}, or the secret`
          : `${at('algorithms')}: ${name} needs a secret, and public keys cannot be one; drop it, or say secret instead of keys`,
      )
    }
    if (!supports(name))
      throw new TypeError(`${at('algorithms')}: this platform cannot check ${name}; drop it`)
    return name
  })
}

/** Where an issuer's keys come from; exactly one place. @throws {TypeError} */
export function checkKeys(
  options: OptionsObject,
  issuer: string,
  algorithms: readonly AlgorithmName[],
  at: (name: string) => string,
  allowInsecureHosts: readonly string[],
): ConfiguredKeys {
  const { jwksUri, jwks, secret } = options
  const said = Object.entries({ jwksUri, jwks, secret }).filter(([, value]) => value !== undefined)
  if (said.length > 1) {
    throw new TypeError(
      `${at(said.map(([name]) => name).join(' and '))}: keys come from one place; say one of them`,
    )
  }
  if (secret !== undefined) return { from: 'secret', key: secretVerificationKey(options, algorithms, at) }
  if (jwks !== undefined) return { from: 'set', set: literalKeySet(jwks, algorithms, at('jwks')) }
  if (jwksUri !== undefined) {
    const name = at('jwksUri')
    return { from: 'uri', uri: checkFetchable(checkText(jwksUri, name), name, '', allowInsecureHosts).href }
  }
  if (URL.canParse(issuer) && (issuer.includes('?') || issuer.includes('#'))) {
    throw new TypeError(
      `${at('issuer')}: a URL with a query or fragment has no metadata; set jwksUri or jwks instead`,
    )
  }
  checkFetchable(issuer, at('issuer'), ', or set jwksUri or jwks', allowInsecureHosts)
  return { from: 'metadata' }
}

function literalKeySet(
  jwks: unknown,
  algorithms: readonly AlgorithmName[],
  name: string,
): MaybePromise<KeySet> {
  try {
    // A copy of plain data: what happens to the object later changes nothing.
    return importKeySet(structuredClone(jwks), algorithms, maxConfiguredKeys)
  } catch {
    throw new TypeError(
      `${name}: must be a JWK Set with at least one public key for the accepted algorithms (RFC 7517 §5)`,
    )
  }
}

function hashLength(name: AlgorithmName): number {
  return algorithms[name].signatureLength as number
}

function secretBytes(options: OptionsObject, at: (name: string) => string): Uint8Array {
  const secret = options['secret']
  const bytes = typeof secret === 'string' ? new TextEncoder().encode(secret) : secret
  if (!(bytes instanceof Uint8Array) || bytes.length < 32) {
    throw new TypeError(
      `${at('secret')}: must have at least 32 bytes, drawn at random (RFC 7518 §3.2); a password is too easily guessed`,
    )
  }
  if (isPublished(new TextDecoder().decode(bytes))) {
    throw new TypeError(
      `${at('secret')}: looks like a key in PEM, JWK or SSH form, which others may know; say jwks or jwksUri for public keys`,
    )
  }
  return Uint8Array.from(bytes)
}

/** The forms public keys are handed around in: as a secret, anyone could sign with them. */
function isPublished(text: string): boolean {
  return /-----BEGIN |^\s*(?:ssh-|ecdsa-|[[{][^]*"(?:kty|keys)")/.test(text)
}

function secretVerificationKey(
  options: OptionsObject,
  algorithms: readonly AlgorithmName[],
  at: (name: string) => string,
): MaybePromise<VerificationKey> {
  const bytes = secretBytes(options, at)
  for (const name of algorithms) {
    if (bytes.length < hashLength(name)) {
      throw new TypeError(`${at('secret')}: ${name} needs at least ${hashLength(name)} bytes (RFC 7518 §3.2)`)
    }
  }
  const finish = (key: unknown): VerificationKey => ({ kid: undefined, algorithms, key, material: 'secret' })
  const imported = importSecret(bytes, algorithms)
  return andThen(imported, finish)
}
