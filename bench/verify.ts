import { constants, type KeyObject, verify, type VerifyKeyObjectInput } from 'node:crypto'
import { JwtVerifier } from 'aws-jwt-verify'
import { createVerifier } from 'fast-jwt'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { createResourceServer } from 'oauth-resource-server'
import { derSignature } from '../src/platform/der-signature.ts'
import { type Contender, type Effort, interleaved, type Timings } from './measure.ts'
import { audience, freshRequests, freshStrings, type SignedTokens, signedTokens } from './tokens.ts'

export const verifyAlgorithms = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const
export type VerifyAlgorithm = (typeof verifyAlgorithms)[number]

/** Name of the floor: the signature check alone, on bytes that are ready for it. */
export const floorName = 'crypto.verify'

/** Times a token never seen before, with every check of a resource server on. */
export async function verifyPart(algorithm: VerifyAlgorithm, effort: Effort): Promise<Timings> {
  const signed = await signedTokens(algorithm, 200)
  const { issuer, key, tokens } = signed
  const strings = (count: number): readonly unknown[] => freshStrings(tokens, count)
  const { issuer: name, jwks } = issuer
  const api = createResourceServer({ issuer: name, audience, jwks, tokenCache: false })
  // One entry, so that none of the tokens in turn is found in it.
  const remembering = createResourceServer({ issuer: name, audience, jwks, tokenCache: { max: 1 } })
  const fastJwt = createVerifier({
    key: key.export({ type: 'spki', format: 'pem' }) as string,
    algorithms: [algorithm],
    allowedIss: name,
    allowedAud: audience,
    requiredClaims: ['iss', 'aud', 'exp'],
    clockTolerance: 5000,
    cache: false,
  })
  const keys = createLocalJWKSet(jwks)
  const joseOptions = {
    issuer: name,
    audience,
    algorithms: [algorithm],
    requiredClaims: ['exp'],
    clockTolerance: 5,
  }
  const contenders: Contender[] = [
    floor(algorithm, signed),
    {
      name: 'this library, in an adapter',
      inputs: (count) => freshRequests(tokens, count),
      call: api.adapter.authenticate,
    },
    { name: 'this library, verify()', inputs: strings, call: api.verify },
    { name: 'this library, verify() and remember', inputs: strings, call: remembering.verify },
    { name: 'fast-jwt', inputs: strings, call: fastJwt as (token: string) => unknown },
    { name: 'jose', inputs: strings, call: (token: string) => jwtVerify(token, keys, joseOptions) },
  ]
  if (algorithm === 'ES256') contenders.push(asItComes(signed))
  // It does not know PS256.
  if (algorithm !== 'PS256') {
    const aws = JwtVerifier.create({ issuer: name, audience, jwksUri: 'https://id.example.com/jwks' })
    aws.cacheJwks(jwks)
    contenders.push({
      name: 'aws-jwt-verify',
      inputs: strings,
      call: (token: string) => aws.verifySync(token),
    })
  }
  return interleaved(contenders, effort)
}

/** The signature check alone, called in the fastest way there is. */
export function floor(algorithm: VerifyAlgorithm, { key, tokens }: SignedTokens): Contender {
  const { hash, input } = parametersOf(algorithm, key)
  const ready = algorithm === 'ES256' ? derSignature : (signature: Uint8Array) => signature
  return check(floorName, hash, input, tokens, ready)
}

/** The same for ECDSA, with the signature in the form that tokens have it in. */
function asItComes({ key, tokens }: SignedTokens): Contender {
  const input = { key, dsaEncoding: 'ieee-p1363' } as const
  return check(`${floorName}, ieee-p1363`, 'sha256', input, tokens, (signature) => signature)
}

function check(
  name: string,
  hash: string | null,
  input: VerifyKeyObjectInput | KeyObject,
  tokens: SignedTokens['tokens'],
  ready: (signature: Uint8Array) => Uint8Array,
): Contender {
  const parts = tokens.map((token) => {
    const dot = token.lastIndexOf('.')
    return {
      data: Buffer.from(token.subarray(0, dot)),
      signature: ready(Buffer.from(token.toString('latin1', dot + 1), 'base64url')),
    }
  })
  return {
    name,
    inputs: (count) => Array.from({ length: count }, (_, index) => parts[index % parts.length]),
    call: ({ data, signature }: (typeof parts)[number]) => {
      if (!verify(hash, data, input, signature)) throw new Error('the floor refused a token')
    },
  }
}

function parametersOf(
  algorithm: VerifyAlgorithm,
  key: KeyObject,
): { hash: string | null; input: VerifyKeyObjectInput | KeyObject } {
  switch (algorithm) {
    case 'RS256':
    case 'ES256':
      return { hash: 'sha256', input: key }
    case 'PS256':
      return {
        hash: 'sha256',
        input: {
          key,
          padding: constants.RSA_PKCS1_PSS_PADDING,
          saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
        },
      }
    case 'EdDSA':
      return { hash: null, input: key }
  }
}
