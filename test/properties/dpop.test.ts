import fc from 'fast-check'
import { clientCertificate, createResourceServer } from 'oauth-resource-server'
import { createTestClock, createTestIssuer } from 'oauth-resource-server/testing'
import { expect, it } from 'vitest'
import { testCertificate, written } from '../support/certificates.ts'
import { boundToken, dpopClient, resource } from '../support/dpop.ts'
import { decryption, encrypt } from '../support/encrypted.ts'
import { verdict } from '../support/tokens.ts'
import { tries } from '../support/tries.ts'

const clock = createTestClock(1_800_000_000_000)
const issuer = await createTestIssuer({ clock })
const client = dpopClient(clock.now)
const thief = dpopClient(clock.now)
const seconds = clock.now() / 1000

const [own, stolen] = await Promise.all(['own', 'stolen'].map(testCertificate))
const certificates = {
  own: own === undefined ? '' : written.haproxy(own),
  'of a thief': stolen === undefined ? '' : written.haproxy(stolen),
  none: '',
}

const exp = seconds + 100_000
const claims = { cnf: { jkt: client.thumbprint } }
const certificate = { 'x5t#S256': own?.thumbprint }
const bound = await boundToken(issuer, client, { exp })
const tokens = {
  bound,
  another: await boundToken(issuer, client, { exp }),
  encrypted: await encrypt(bound),
  unbound: await issuer.sign({ exp }),
  certificate: await issuer.sign({ exp, cnf: certificate }),
  both: await issuer.sign({ exp, cnf: { ...claims.cnf, ...certificate } }),
  unknown: await issuer.sign({ exp, cnf: { kid: 'key' } }),
  opaqueBound: 'opaque-bound',
  opaqueUnbound: 'opaque-unbound',
}
type Name = keyof typeof tokens
const needsProof: readonly Name[] = ['bound', 'another', 'encrypted', 'both', 'opaqueBound']
const needsCertificate: readonly Name[] = ['certificate', 'both']

/** What the issuer says about opaque tokens. */
const fetch = async (_url: string, init?: { readonly body?: unknown }): Promise<Response> => {
  const bound = String(init?.body).includes(tokens.opaqueBound)
  const { issuer: iss, audience: aud } = issuer.options
  const active = { active: true, iss, aud, sub: 'user-1', exp }
  const body = bound ? { ...active, ...claims, token_type: 'DPoP' } : { ...active, token_type: 'Bearer' }
  return Promise.resolve(Response.json(body))
}
const introspection = { clientId: 'a', clientSecret: 'b', endpoint: 'https://issuer.test/introspect' }

/** One request: a token, the scheme it comes under, a proof, and the certificate of the client. */
const request = fc.record({
  name: fc.constantFrom(...(Object.keys(tokens) as Name[])),
  scheme: fc.constantFrom('Bearer', 'DPoP', 'dpop', 'BEARER'),
  proof: fc.constantFrom('good', 'none', 'used', 'of a thief', 'of another token', 'of another path'),
  by: fc.constantFrom(...(Object.keys(certificates) as (keyof typeof certificates)[])),
  waits: fc.constantFrom(0, 1, 20),
})

it('no sequence of requests gets a bound token accepted without its proof', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(request, { minLength: 1, maxLength: 12 }),
      fc.boolean(),
      async (requests, required) => {
        const api = createResourceServer({
          ...issuer.options,
          resource,
          introspection,
          fetch: fetch,
          dpop: { required },
          mtls: { certificate: clientCertificate('x-certificate', { format: 'der-base64' }) },
          decryption,
        })
        let used: string | undefined
        for (const { name, scheme, proof, by, waits } of requests) {
          clock.advance(waits)
          const token = tokens[name]
          const good = client.proof(token)
          const header = {
            good,
            none: undefined,
            used,
            'of a thief': thief.proof(token),
            'of another token': client.proof(`${token}x`),
            'of another path': client.proof(token, { claims: { htu: `${resource}/x` } }),
          }[proof]
          const headers = {
            authorization: `${scheme} ${token}`,
            'x-certificate': certificates[by],
            ...(header === undefined ? {} : { dpop: header }),
          }
          const result = await verdict(api.authenticate({ method: 'GET', url: '/', headers }))
          const isDpop = scheme.toLowerCase() === 'dpop'
          const isProven = needsProof.includes(name) ? isDpop && proof === 'good' : !isDpop && !required
          const isCertified = !needsCertificate.includes(name) || by === 'own'
          const expected = name !== 'unknown' && isProven && isCertified
          const sent = [name, scheme, proof, by]
          if (proof === 'used') expect(needsProof.includes(name) && result === '200').toBe(false)
          else expect([...sent, result === '200']).toEqual([...sent, expected])
          if (result === '200' && isDpop) used = good
        }
      },
    ),
    { numRuns: tries(300, 30) },
  )
})
