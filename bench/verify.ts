import { JwtVerifier } from 'aws-jwt-verify'
import { createVerifier } from 'fast-jwt'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { floor, type VerifyAlgorithm } from './floor.ts'
import { authenticateOf, libraries, type Library } from './library.ts'
import { type Contender, type Effort, interleaved, type Timings } from './measure.ts'
import { audience, freshRequests, freshStrings, type SignedTokens, signedTokens } from './tokens.ts'

/** Times a token never seen before, with every check of a resource server on. */
export async function verifyPart(
  algorithm: VerifyAlgorithm,
  baseline: string,
  effort: Effort,
): Promise<Timings> {
  const signed = await signedTokens(algorithm, 200)
  const ours = (await libraries(baseline)).flatMap((library) => ways(library, signed))
  return interleaved([floor(algorithm, signed), ...ours, ...peers(algorithm, signed)], effort)
}

/** The ways to have a token verified with one build of the library. */
function ways({ name, core }: Library, { issuer, tokens }: SignedTokens): Contender[] {
  const options = { issuer: issuer.issuer, audience, jwks: issuer.jwks }
  const forgetful = core.createResourceServer({ ...options, tokenCache: false })
  // One entry, so that none of the tokens in turn is found in it.
  const remembering = core.createResourceServer({ ...options, tokenCache: { max: 1 } })
  const requests = (count: number): readonly unknown[] => freshRequests(tokens, count)
  const strings = (count: number): readonly unknown[] => freshStrings(tokens, count)
  return [
    { name: `${name}, in an adapter`, inputs: requests, call: authenticateOf(forgetful) },
    { name: `${name}, in an adapter, and remember`, inputs: requests, call: authenticateOf(remembering) },
    { name: `${name}, verify()`, inputs: strings, call: forgetful.verify },
  ]
}

function peers(algorithm: VerifyAlgorithm, { issuer, key, tokens }: SignedTokens): Contender[] {
  const inputs = (count: number): readonly unknown[] => freshStrings(tokens, count)
  const { issuer: name, jwks } = issuer
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
  const options = {
    issuer: name,
    audience,
    algorithms: [algorithm],
    requiredClaims: ['exp'],
    clockTolerance: 5,
  }
  const contenders: Contender[] = [
    { name: 'fast-jwt', inputs, call: fastJwt as (token: string) => unknown },
    { name: 'jose', inputs, call: (token: string) => jwtVerify(token, keys, options) },
  ]
  // It does not know PS256.
  if (algorithm !== 'PS256') {
    const aws = JwtVerifier.create({ issuer: name, audience, jwksUri: 'https://id.example.com/jwks' })
    aws.cacheJwks(jwks)
    contenders.push({ name: 'aws-jwt-verify', inputs, call: (token: string) => aws.verifySync(token) })
  }
  return contenders
}
