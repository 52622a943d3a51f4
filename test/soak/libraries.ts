import { createPublicKey } from 'node:crypto'
import http from 'node:http'
import https from 'node:https'
import { createRequire } from 'node:module'
import type * as Aws from 'aws-jwt-verify'
import buildGetJwks from 'get-jwks'
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import jwksRsa from 'jwks-rsa'
import { createResourceServer, isAuthError } from 'oauth-resource-server'

/** Verifies a token against an issuer's published keys. @throws whatever the library throws */
export type Verify = (token: string) => Promise<unknown>

/** What a library is told; everything else stays as its authors chose. */
export interface Trust {
  readonly issuer: string
  readonly audience: string
  readonly jwksUri: string
}

/** The libraries of the comparison, each with its caching on. */
export const libraries: Readonly<Record<string, (trust: Trust) => Verify>> = {
  'oauth-resource-server': (trust) => {
    const api = createResourceServer(trust)
    return (token) => api.verify(token)
  },
  jose: ({ issuer, audience, jwksUri }) => {
    const keys = createRemoteJWKSet(new URL(jwksUri))
    return (token) => jwtVerify(token, keys, { issuer, audience })
  },
  'jwks-rsa': ({ issuer, audience, jwksUri }) => {
    const client = jwksRsa({ jwksUri, cache: true })
    return async (token) => {
      const key = await client.getSigningKey(decodeProtectedHeader(token).kid)
      return await jwtVerify(token, createPublicKey(key.getPublicKey()), { issuer, audience })
    }
  },
  'get-jwks': ({ issuer, audience }) => {
    const client = buildGetJwks({ jwksPath: '/jwks', issuersWhitelist: [issuer] })
    return async (token) => {
      const { alg = '', kid = '' } = decodeProtectedHeader(token)
      const pem = await client.getPublicKey({ domain: issuer, alg, kid })
      return await jwtVerify(token, createPublicKey(pem), { issuer, audience })
    }
  },
  'aws-jwt-verify': ({ issuer, audience, jwksUri }) => {
    // It speaks https alone, and the issuer here http: the one thing that is changed in it.
    https.request = http.request
    const load = createRequire(import.meta.url)
    const { JwtVerifier } = load('aws-jwt-verify') as typeof Aws
    const verifier = JwtVerifier.create({ issuer, audience, jwksUri })
    return (token) => verifier.verify(token)
  },
}

/** What a caller would be told, as far as the library's error tells it: whose fault it was. */
export function outcomeOf(error: unknown): string {
  if (isAuthError(error)) return String(error.status)
  const { code, name } = error as { code?: unknown; name?: unknown }
  return typeof code === 'string' ? code : String(name)
}
