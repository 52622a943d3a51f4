import { randomUUID } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { createTestKey, signBytes } from './keys.ts'
import type { TestAlgorithm, TestJwks, TestKey } from './keys.ts'
import { settingsOf } from './options.ts'
import type { TestAudience, TestIssuerOptions } from './options.ts'

/** An authorization server of a test's own: it signs whatever it is told to. */
export interface TestIssuer {
  /** The issuer's name, the `iss` of its tokens. */
  readonly issuer: string
  /** The `aud` of its tokens. */
  readonly audience: TestAudience
  /** A copy of the public keys it publishes at this moment, newest first. */
  readonly jwks: TestJwks
  /** Its metadata document (RFC 8414); the addresses in it lead somewhere once it listens. */
  readonly metadata: TestMetadata
  /**
   * Options for `createResourceServer`: a resource server that trusts this issuer without any network.
   * The keys in it are those of this moment, so a later `rotate()` is seen only by asking again.
   */
  readonly options: TestIssuerApiOptions
  /**
   * Signs an access token that is valid but for what is overridden; `undefined` removes a member.
   *
   * By default it holds `iss`, `aud`, `sub: 'user-1'`, `client_id: 'client-1'`, `iat` (now), `exp` (in 300 seconds)
   * and a `jti` of its own, under the header `{ alg, kid, typ: 'at+jwt' }`. Nothing that overrides a member is
   * checked, except that an `alg` in the header picks the key.
   *
   * @throws {TypeError} when the issuer has no key for the header's `alg`.
   */
  sign(claims?: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>
  /**
   * Signs exactly these bytes, whatever they are: the way to duplicate members, a BOM, broken UTF-8 or an `alg`
   * that lies. Text is encoded as UTF-8.
   *
   * @param alg - Which key signs. Default: the first of the issuer's algorithms.
   * @throws {TypeError} when the issuer has no key for `alg`.
   */
  signRaw(header: string | Uint8Array, payload: string | Uint8Array, alg?: TestAlgorithm): Promise<string>
  /**
   * Makes a new key under a new `kid` for every algorithm; the new ones sign from now on.
   *
   * @param options - `keepOld: false` stops publishing the earlier keys. Default: true.
   */
  rotate(options?: { readonly keepOld?: boolean }): Promise<void>
  /**
   * Stops publishing one key, even one that still signs, or without a `kid` all keys that no longer sign.
   *
   * @throws {TypeError} when no key is published under that `kid`.
   */
  withdraw(kid?: string): void
  /**
   * The private key that signs at this moment. Default: that of the first of the issuer's algorithms.
   *
   * @throws {TypeError} when the issuer has no key for `alg`.
   */
  privateKey(alg?: TestAlgorithm): KeyObject
}

/** Authorization server metadata, with the members OpenID Connect Discovery asks for besides. */
export type TestMetadata = {
  issuer: string
  jwks_uri: string
  authorization_endpoint: string
  token_endpoint: string
  response_types_supported: string[]
  subject_types_supported: string[]
  id_token_signing_alg_values_supported: string[]
}

/** What a resource server needs in order to trust a test issuer without any network. */
export interface TestIssuerApiOptions {
  readonly issuer: string
  readonly audience: TestAudience
  readonly jwks: TestJwks
  /** The issuer's clock, in milliseconds. */
  readonly now: () => number
}

/**
 * Makes an issuer for tests, with fresh keys and without any network. Not for anything but tests: it signs
 * whatever it is asked to, and hands out its private keys.
 *
 * @throws {TypeError} when an option is unknown or makes no sense.
 */
export async function createTestIssuer(options: TestIssuerOptions = {}): Promise<TestIssuer> {
  const { issuer = 'https://issuer.test/', audience, algorithms, now } = settingsOf(options)
  let signing = await freshKeys()
  let published = signing

  async function freshKeys(): Promise<readonly TestKey[]> {
    return await Promise.all(algorithms.map(createTestKey))
  }

  function keyFor(alg: unknown): TestKey {
    const key = signing.find(({ jwk }) => jwk.alg === alg)
    if (key !== undefined) return key
    throw new TypeError(
      `alg: no key for ${JSON.stringify(alg)}; name it in the algorithms of createTestIssuer(), or lie with signRaw()`,
    )
  }

  async function jws(
    key: TestKey,
    header: string | Uint8Array,
    payload: string | Uint8Array,
  ): Promise<string> {
    const input = `${base64url(header)}.${base64url(payload)}`
    return `${input}.${base64url(await signBytes(key, Buffer.from(input)))}`
  }

  const self: TestIssuer = {
    get issuer() {
      return issuer
    },
    audience,
    get jwks() {
      return { keys: published.map(({ jwk }) => ({ ...jwk })) }
    },
    get metadata() {
      return metadataOf(issuer, issuer, algorithms)
    },
    get options() {
      return { issuer, audience, jwks: self.jwks, now }
    },
    sign: async (claims = {}, header = {}) => {
      const { alg = algorithms[0] } = header
      const key = keyFor(alg)
      const iat = Math.floor(now() / 1000)
      const usual = { iss: issuer, aud: audience, sub: 'user-1', client_id: 'client-1', iat, exp: iat + 300 }
      return await jws(
        key,
        JSON.stringify({ alg, kid: key.jwk.kid, typ: 'at+jwt', ...header }),
        JSON.stringify({ ...usual, jti: randomUUID(), ...claims }),
      )
    },
    signRaw: async (header, payload, alg = algorithms[0]) => await jws(keyFor(alg), header, payload),
    rotate: async ({ keepOld = true } = {}) => {
      signing = await freshKeys()
      published = keepOld ? [...signing, ...published] : signing
    },
    withdraw: (kid) => {
      const left = published.filter((key) =>
        kid === undefined ? signing.includes(key) : key.jwk.kid !== kid,
      )
      if (kid !== undefined && left.length === published.length) {
        throw new TypeError(`kid: nothing is published under ${JSON.stringify(kid)}; see jwks for what is`)
      }
      published = left
    },
    privateKey: (alg = algorithms[0]) => keyFor(alg).privateKey,
  }
  return self
}

function metadataOf(issuer: string, base: string, algorithms: readonly string[]): TestMetadata {
  const at = base.replace(/\/$/, '')
  return {
    issuer,
    jwks_uri: `${at}/jwks`,
    authorization_endpoint: `${at}/authorize`,
    token_endpoint: `${at}/token`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [...algorithms],
  }
}

function base64url(content: string | Uint8Array): string {
  return Buffer.from(content).toString('base64url')
}
