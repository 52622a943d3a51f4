import fc from 'fast-check'
import { createResourceServer } from 'oauth-resource-server'
import { createTestClock, createTestIssuer } from 'oauth-resource-server/testing'
import { expect, it } from 'vitest'
import { boundToken, dpopClient, resource } from '../support/dpop.ts'
import { verdict } from '../support/tokens.ts'
import { tries } from '../support/tries.ts'

const clock = createTestClock(1_800_000_000_000)
const issuer = await createTestIssuer({ clock })
const client = dpopClient(clock.now)
const thief = dpopClient(clock.now)
const seconds = clock.now() / 1000

const claims = { cnf: { jkt: client.thumbprint } }
const tokens = {
  bound: await boundToken(issuer, client, { exp: seconds + 100_000 }),
  another: await boundToken(issuer, client, { exp: seconds + 100_000 }),
  unbound: await issuer.sign({ exp: seconds + 100_000 }),
  opaqueBound: 'opaque-bound',
  opaqueUnbound: 'opaque-unbound',
}
type Name = keyof typeof tokens
const isBound = (name: Name): boolean => name !== 'unbound' && name !== 'opaqueUnbound'

/** What the issuer says about opaque tokens. */
const fetch = async (_url: string, init?: { readonly body?: unknown }): Promise<Response> => {
  const bound = String(init?.body).includes(tokens.opaqueBound)
  const { issuer: iss, audience: aud } = issuer.options
  const active = { active: true, iss, aud, sub: 'user-1', exp: seconds + 100_000 }
  const body = bound ? { ...active, ...claims, token_type: 'DPoP' } : { ...active, token_type: 'Bearer' }
  return Promise.resolve(Response.json(body))
}
const introspection = { clientId: 'a', clientSecret: 'b', endpoint: 'https://issuer.test/introspect' }

/** One request: a token, the scheme it comes under, and a proof. */
const request = fc.record({
  name: fc.constantFrom<Name>('bound', 'another', 'unbound', 'opaqueBound', 'opaqueUnbound'),
  scheme: fc.constantFrom('Bearer', 'DPoP', 'dpop', 'BEARER'),
  proof: fc.constantFrom('good', 'none', 'used', 'of a thief', 'of another token', 'of another path'),
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
        })
        let used: string | undefined
        for (const { name, scheme, proof, waits } of requests) {
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
            ...(header === undefined ? {} : { dpop: header }),
          }
          const result = await verdict(api.authenticate({ method: 'GET', url: '/', headers }))
          const isDpop = scheme.toLowerCase() === 'dpop'
          const expected = isBound(name) ? isDpop && proof === 'good' : !isDpop && !required
          if (proof === 'used') expect(isBound(name) && result === '200').toBe(false)
          else expect([name, scheme, proof, result === '200']).toEqual([name, scheme, proof, expected])
          if (result === '200' && isDpop) used = good
        }
      },
    ),
    { numRuns: tries(300, 30) },
  )
})
