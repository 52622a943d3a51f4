import { createVerifier } from 'fast-jwt'
import { authenticateOf, libraries, type Library } from './library.ts'
import { type Contender, type Effort, interleaved, type Timings } from './measure.ts'
import { audience, freshRequests, freshStrings, type SignedTokens, signedTokens } from './tokens.ts'

/** Times tokens seen before, each time in a string object of its own. */
export async function seenPart(baseline: string, effort: Effort): Promise<Timings> {
  const signed = await signedTokens('RS256', 200)
  const contenders: Contender[] = []
  for (const library of await libraries(baseline)) contenders.push(...(await ways(library, signed)))
  return interleaved([...contenders, fastJwt(signed)], effort)
}

async function ways({ name, core }: Library, { issuer, tokens }: SignedTokens): Promise<Contender[]> {
  const options = { issuer: issuer.issuer, audience }
  const configured = core.createResourceServer({ ...options, jwks: issuer.jwks })
  // Keys that are fetched have an age, which is checked each time.
  const fetched = core.createResourceServer({
    ...options,
    jwksUri: 'https://id.example.com/jwks',
    fetch: () => Promise.resolve(Response.json(issuer.jwks)),
  })
  await fetched.ready()
  const requests = (count: number): readonly unknown[] => freshRequests(tokens, count)
  const strings = (count: number): readonly unknown[] => freshStrings(tokens, count)
  return [
    { name: `${name}, in an adapter`, inputs: requests, call: authenticateOf(configured) },
    { name: `${name}, in an adapter, keys fetched`, inputs: requests, call: authenticateOf(fetched) },
    { name: `${name}, verify()`, inputs: strings, call: configured.verify },
  ]
}

function fastJwt({ issuer, key, tokens }: SignedTokens): Contender {
  const verify = createVerifier({
    key: key.export({ type: 'spki', format: 'pem' }) as string,
    algorithms: ['RS256'],
    allowedIss: issuer.issuer,
    allowedAud: audience,
    requiredClaims: ['iss', 'aud', 'exp'],
    clockTolerance: 5000,
    cache: 1000,
  })
  return {
    name: 'fast-jwt with its cache',
    inputs: (count) => freshStrings(tokens, count),
    call: verify as (token: string) => unknown,
  }
}
