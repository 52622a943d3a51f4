import { constants, createHmac, createSecretKey, type KeyObject, sign } from 'node:crypto'
import { isAuthError, type Jwk } from 'oauth-resource-server'
import type { TestAlgorithm, TestIssuer } from 'oauth-resource-server/testing'

/** Text or bytes as base64url. */
export function b64(content: string | Uint8Array): string {
  return Buffer.from(content).toString('base64url')
}

/** The three parts of a token. */
export function parts(token: string): [header: string, payload: string, signature: string] {
  const [header = '', payload = '', signature = ''] = token.split('.')
  return [header, payload, signature]
}

/** A token of any header and claims, signed by any key as the last argument or the header says. */
export function signed(
  header: object,
  claims: object | string,
  key: KeyObject | Buffer | string,
  alg?: string,
): string {
  const payload = typeof claims === 'string' ? claims : JSON.stringify(claims)
  const input = `${b64(JSON.stringify(header))}.${b64(payload)}`
  return `${input}.${b64(signature(alg ?? String((header as { alg?: unknown }).alg), key, input))}`
}

/** The signature of some text under an algorithm, whether or not the key is meant for it. */
export function signature(alg: string, key: KeyObject | Buffer | string, input: string | Uint8Array): Buffer {
  const data = Buffer.from(input)
  const hash = `sha${alg.slice(-3)}`
  if (alg.startsWith('HS')) {
    const bytes = Buffer.isBuffer(key) ? key : Buffer.from(key as string)
    return createHmac(hash, createSecretKey(bytes)).update(data).digest()
  }
  const privateKey = key as KeyObject
  if (alg.startsWith('E') && !alg.startsWith('ES')) return sign(null, data, privateKey)
  if (alg.startsWith('ES')) return sign(hash, data, { key: privateKey, dsaEncoding: 'ieee-p1363' })
  if (alg.startsWith('PS')) {
    const padding = constants.RSA_PKCS1_PSS_PADDING
    return sign(hash, data, { key: privateKey, padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST })
  }
  return sign(hash, data, privateKey)
}

/** Id of the issuer's published key for an algorithm. */
export function kidOf(issuer: TestIssuer, alg: TestAlgorithm = issuer.algorithms[0]): string {
  return jwkOf(issuer, alg)['kid'] as string
}

/** The issuer's published key for an algorithm. */
export function jwkOf(issuer: TestIssuer, alg: TestAlgorithm = issuer.algorithms[0]): Jwk {
  const jwk = issuer.jwks.keys.find((key) => key.alg === alg)
  if (jwk === undefined) throw new Error(`the issuer has no ${alg} key`)
  return jwk
}

/** A key without some of its members. */
export function without(jwk: Jwk, ...names: readonly string[]): Jwk {
  return Object.fromEntries(Object.entries(jwk).filter(([name]) => !names.includes(name)))
}

/** `200` for what is accepted, else the status and reason of the refusal. */
export async function verdict(outcome: Promise<unknown>): Promise<string> {
  try {
    await outcome
    return '200'
  } catch (error) {
    if (!isAuthError(error)) throw error
    return `${error.status} ${error.reason}`
  }
}
