import { firstOf, fromHeader, fromQuery } from 'oauth-resource-server'
import { afterAll, describe, expect, it } from 'vitest'
import { guarded, type Mistake, roleRoute, scopeRoute } from './mistakes.ts'
import { canary, watchedOutputs } from './outputs.ts'
import { everywhere, inTurn, run } from './run.ts'
import { openWorld, type World } from './world.ts'

// What explain() tells people to do: then the request passes, and nothing is reported.

const world = await openWorld()
const outputs = watchedOutputs()
afterAll(() => world.close())

type Cure = Omit<Mistake, 'line' | 'status' | 'fault'>

/** On every framework: what an adapter has a part in. */
const everyFramework: Readonly<Record<string, Cure>> = {
  'as in the quick start': {},
  'Bearer in lower case': { authorization: (token) => `bearer ${token}` },
  'a token in the query, where it is looked for': {
    options: { tokenFrom: firstOf(fromHeader(), fromQuery()) },
    authorization: () => undefined,
    path: (token) => `/?access_token=${token}`,
  },
  'a token in a header of its own, where it is looked for': {
    options: { tokenFrom: fromHeader('x-access-token') },
    authorization: () => undefined,
    request: (token) => ({ headers: { 'x-access-token': token } }),
  },
  'scopes in permissions': {
    ...guarded,
    host: scopeRoute,
    options: { scopes: ['scope', 'permissions'] },
    claims: { scope: 'read', permissions: ['write'] },
  },
  'scopes in scp': { ...guarded, host: scopeRoute, options: { scopes: 'scp' }, claims: { scp: ['write'] } },
  'nested roles': {
    ...guarded,
    host: roleRoute,
    options: { roles: '/realm_access/roles' },
    claims: { realm_access: { roles: ['admin'] } },
  },
}

const named = (issuer: string): Cure => ({
  options: ({ issuer: { jwks } }: World) => ({ issuer, jwks }),
  claims: { iss: issuer },
})

/** On one framework in turn: the core decides. */
const oneFramework: Readonly<Record<string, Cure>> = {
  'the issuer with its slash': named('https://id.example.com/'),
  'the realm of the token': named('https://kc.test/realms/b'),
  'the audience of the token': {
    options: { audience: ['https://api.example.com', 'https://other.test'] },
    claims: { aud: 'https://other.test' },
  },
  'no audience, and the clients instead': {
    options: { audience: null, clients: ['client-1'] },
    claims: { aud: undefined },
  },
  'a known client': { options: { clients: ['web', 'client-1'] } },
  'a required claim': { options: { requiredClaims: ['email'] } },
  'a nonce of Keycloak 24': { options: { acceptNonce: true }, claims: { nonce: canary, typ: 'Bearer' } },
  'at+jwt under the profile that needs it': { options: { profile: 'rfc9068' } },
  'JWT under the profile that accepts it': { options: { profile: 'compatible' }, header: { typ: 'JWT' } },
  'a clock within the tolerance': {
    claims: (now) => ({ iat: now + 20, nbf: now + 20, exp: now + 300 }),
  },
  'a larger tolerance': { options: { clockTolerance: 300 }, claims: (now) => ({ exp: now - 120, iat: 1 }) },
  'a young token': { options: { maxTokenAge: 60 } },
  'a schema that accepts': {
    options: {
      schema: { '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) } },
    },
  },
  'the right path of the keys': { options: ({ server }) => ({ jwksUri: server.jwksUri }) },
}

async function passes(_name: string, framework: string, cure: Cure): Promise<void> {
  const { refusals, status, warnings } = await run(cure, framework, world, outputs)
  expect([refusals.map(String), status, warnings]).toEqual([[], 200, []])
}

describe('a correct set-up passes, and nothing is reported', () => {
  it.each(everywhere(everyFramework))('%s, on %s', passes)
  it.each(inTurn(oneFramework))('%s, on %s', passes)
})
