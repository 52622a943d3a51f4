import { randomUUID } from 'node:crypto'
import { createTestKey, signBytes } from './keys.ts'
import type { TestKey } from './keys.ts'
import { metadataOf } from './metadata.ts'
import { knownNames, settingsOf } from './options.ts'
import type { TestIssuerOptions } from './options.ts'
import { startTestServer } from './server.ts'
import type { TestIssuer } from './types.ts'

/** Seconds from `iat` to `exp`. */
const lifetime = 300

/**
 * Makes an issuer for tests, with fresh keys and without any network. Not for anything but tests: it signs
 * anything, and hands out its private keys.
 *
 * @throws {TypeError} when an option is unknown or makes no sense.
 */
export async function createTestIssuer(options: TestIssuerOptions = {}): Promise<TestIssuer> {
  const { issuer: givenName, audience, algorithms, now } = settingsOf(options)
  let name = givenName
  let base: string | undefined
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
      return name ?? 'https://issuer.test/'
    },
    audience,
    algorithms,
    get jwks() {
      return { keys: published.map(({ jwk }) => ({ ...jwk })) }
    },
    get metadata() {
      return metadataOf(self.issuer, base ?? self.issuer, algorithms)
    },
    get options() {
      return { issuer: self.issuer, audience, jwks: self.jwks, now }
    },
    sign: async (claims = {}, header = {}) => {
      const { alg = algorithms[0] } = header
      const key = keyFor(alg)
      const time = Math.floor(now() / 1000)
      const { exp } = claims
      // No token is issued after it expires: one that expired is as old as it would be.
      const iat = typeof exp === 'number' && exp < time ? Math.max(0, exp - lifetime) : time
      const times = { iat, exp: iat + lifetime }
      const usual = { iss: self.issuer, aud: audience, sub: 'user-1', client_id: 'client-1', ...times }
      return await jws(
        key,
        JSON.stringify({ alg, kid: key.jwk.kid, typ: 'at+jwt', ...header }),
        JSON.stringify({ ...usual, jti: randomUUID(), ...claims }),
      )
    },
    signRaw: async (header, payload, alg = algorithms[0]) => await jws(keyFor(alg), header, payload),
    rotate: async (change = {}) => {
      knownNames(change, ['keepOld'])
      const { keepOld = true } = change
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
    listen: async (place = {}) => {
      const server = await startTestServer(self, now, place)
      base = server.url
      name ??= server.url
      return server
    },
  }
  return self
}

function base64url(content: string | Uint8Array): string {
  return Buffer.from(content).toString('base64url')
}
