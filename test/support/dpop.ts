import { createHash, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto'
import type { TestIssuer } from 'oauth-resource-server/testing'
import { b64, signed } from './tokens.ts'

/** A client with a key of its own. Its proofs are written by hand, so that they can be wrong in one way. */
export interface DpopClient {
  readonly jwk: Readonly<Record<string, string>>
  readonly privateKey: KeyObject
  readonly thumbprint: string
  /** A proof for `GET https://api.test/`, but for what is changed; `undefined` removes a member. */
  readonly proof: (token: string, change?: ProofChange) => string
}

/** How a proof differs from a good one. */
export interface ProofChange {
  readonly claims?: Readonly<Record<string, unknown>>
  readonly header?: Readonly<Record<string, unknown>>
  /** Signs, instead of the client's own key. */
  readonly key?: KeyObject
  /** How it signs, whatever the header says. @default the algorithm of the client */
  readonly signedAs?: string
}

/** The public URL of the API in these tests. */
export const resource = 'https://api.test'

/** Curve and algorithm of a client's key. */
export type ClientAlgorithm = 'ES256' | 'ES384' | 'EdDSA' | 'RS256' | 'PS256'

/** Makes a client. @param now milliseconds, as `Date.now` */
export function dpopClient(now: () => number, alg: ClientAlgorithm = 'ES256'): DpopClient {
  const { publicKey, privateKey } = keyPair(alg)
  const jwk = publicKey.export({ format: 'jwk' }) as Record<string, string>
  return {
    jwk,
    privateKey,
    thumbprint: thumbprintOf(jwk),
    proof(token, { claims = {}, header = {}, key = privateKey, signedAs = alg } = {}) {
      const usual = {
        jti: randomUUID(),
        htm: 'GET',
        htu: `${resource}/`,
        iat: Math.floor(now() / 1000),
        ath: createHash('sha256').update(token).digest('base64url'),
      }
      return signed({ typ: 'dpop+jwt', alg, jwk, ...header }, { ...usual, ...claims }, key, signedAs)
    },
  }
}

let rsaPair: { publicKey: KeyObject; privateKey: KeyObject } | undefined

function keyPair(alg: ClientAlgorithm): { publicKey: KeyObject; privateKey: KeyObject } {
  if (alg === 'EdDSA') return generateKeyPairSync('ed25519')
  // One for all: to make it takes a second on a busy machine.
  if (alg === 'RS256' || alg === 'PS256')
    return (rsaPair ??= generateKeyPairSync('rsa', { modulusLength: 2048 }))
  return generateKeyPairSync('ec', { namedCurve: alg === 'ES256' ? 'P-256' : 'P-384' })
}

/** RFC 7638, written a second time. */
export function thumbprintOf(jwk: Readonly<Record<string, unknown>>): string {
  const names = { EC: 'crv kty x y', RSA: 'e kty n', OKP: 'crv kty x' }[jwk['kty'] as string] ?? ''
  const part = Object.fromEntries(names.split(' ').map((name) => [name, jwk[name]]))
  return b64(createHash('sha256').update(JSON.stringify(part)).digest())
}

/** A token that is bound to the client's key. */
export async function boundToken(
  issuer: Pick<TestIssuer, 'sign'>,
  { thumbprint }: Pick<DpopClient, 'thumbprint'>,
  claims: Record<string, unknown> = {},
): Promise<string> {
  return issuer.sign({ cnf: { jkt: thumbprint }, ...claims })
}

/** The headers of a request with a bound token and its proof. */
export function dpopHeaders(token: string, proof: string): Record<string, string> {
  return { authorization: `DPoP ${token}`, dpop: proof }
}
