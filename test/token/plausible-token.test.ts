import { createResourceServer } from 'oauth-resource-server'
import { describe, expect, it } from 'vitest'
import { parseToken } from '../../src/jose/jws.ts'
import { acceptableToken, plausibleToken } from '../../src/token/plausible-token.ts'
import { outcome, stepsOf } from './decision.ts'
import { trusted } from './stages.ts'
import { clock, issuer, now } from './verdict.ts'

describe('D11 what needs no network', () => {
  it.each([
    ['a claim the profile requires is missing', { jti: undefined }, { profile: 'rfc9068' }],
    ['a required claim is missing', {}, { requiredClaims: ['tenant'] }],
    ['the client is another', {}, { clients: ['another'] }],
    ['a claim has the wrong type', { sub: 7 }, {}],
    ['the token is bound, with a wrong cnf', { cnf: 'x' }, {}],
    ['exp is in milliseconds', { exp: now * 1000 }, {}],
  ])('is refused before anything is fetched: %s', async (_what, claims, options) => {
    let fetches = 0
    const fetch = (): Promise<Response> => {
      fetches += 1
      return Promise.resolve(Response.json(issuer.jwks))
    }
    const { jwks: _jwks, ...rest } = issuer.options
    const jwksUri = 'https://issuer.test/jwks'
    const api = createResourceServer({ ...rest, jwksUri, fetch, ...options } as never)
    await expect(api.verify(await issuer.sign(claims))).rejects.toMatchObject({ status: 401 })
    expect(fetches).toBe(0)
    if (_what.startsWith('a required')) {
      await expect(api.verify(await issuer.sign({ tenant: 'a' }))).resolves.toBeDefined()
      expect(fetches).toBe(1)
    }
  })

  it('is refused before the function of issuers is called, where its answer is not needed', async () => {
    let calls = 0
    const issuers = (): undefined => {
      calls += 1
      return undefined
    }
    const api = createResourceServer({ issuers, now: clock.now })
    const hopeless = [
      { exp: now - 301, iat: undefined },
      { nonce: 'n', at_hash: 'h' },
      { token_use: 'id' },
      { sub: 7 },
      { exp: undefined },
      { iat: now + 301 },
    ]
    for (const claims of hopeless) {
      await expect(api.verify(await issuer.sign(claims))).rejects.toMatchObject({ status: 401 })
    }
    expect(calls).toBe(0)
    await expect(api.verify(await issuer.sign())).rejects.toMatchObject({ reason: 'unknown_issuer' })
    expect(calls).toBe(1)
  })
})

describe('a token past its exp', () => {
  it.each<[string, Record<string, unknown>, object, string]>([
    ['issued after it', { exp: now - 60, iat: now }, {}, 'expired'],
    ['issued far ahead', { exp: now - 60, iat: now + 400 }, {}, 'expired'],
    ['not valid before a later moment', { exp: now - 60, nbf: now + 400 }, {}, 'expired'],
    ['within the tolerance', { exp: now - 20, iat: now }, {}, 'claim'],
    ['within the largest tolerance', { exp: now - 60, iat: now }, { clockTolerance: 300 }, 'claim'],
    ['before which it was issued', { exp: now - 20, iat: now - 21 }, {}, ''],
  ])('is refused for that first, as its issuer allows: %s', async (_what, claims, options, reason) => {
    const apis = [
      createResourceServer({ ...issuer.options, ...options }),
      createResourceServer({
        issuers: (iss) => ({ issuer: iss, jwks: issuer.jwks }),
        audience: 'https://api.test',
        now: clock.now,
        ...options,
      }),
    ]
    for (const api of apis) {
      const outcome = api.verify(await issuer.sign(claims))
      if (reason === '') await expect(outcome).resolves.toBeDefined()
      else await expect(outcome).rejects.toMatchObject({ reason })
    }
  })
})

const token = parseToken(await issuer.sign({ iat: now - 100, exp: now + 50 }))
const endless = parseToken(await issuer.sign({ exp: undefined }))

describe('what the rules of any issuer could accept', () => {
  it.each([
    ['the rules of no issuer yet', now + 349, undefined, 'expired'],
    ['the largest tolerance', now + 350, 'expired', 'expired'],
    ['a token in its time', now + 49, undefined, undefined],
    ['the tolerance of its issuer', now + 50, undefined, 'expired'],
  ])('is decided first, with the tolerance of %s', (_what, at, first, second) => {
    expect(outcome(() => acceptableToken(token, at))).toBe(first)
    const acceptable = acceptableToken(token, now)
    const from = trusted()
    expect(outcome(() => plausibleToken(acceptable, from, at))).toBe(second)
  })

  it('is traced where it fails, and what passes is traced once, by the rules of the issuer', () => {
    const common = ['known algorithm', 'foreign claims', 'token use', 'payload type', 'claim types']
    const namesOf = (...args: Parameters<typeof stepsOf>): string[] =>
      stepsOf(...args).map(({ name }) => name)
    expect(namesOf((trace) => acceptableToken(token, now, trace))).toEqual(common)
    expect(stepsOf((trace) => acceptableToken(token, now + 350, trace)).slice(5)).toMatchObject([
      { name: 'expiry', ok: false, claim: 'exp' },
    ])
    expect(stepsOf((trace) => acceptableToken(endless, now, trace)).slice(5)).toMatchObject([
      { name: 'times', ok: false, claim: 'exp' },
    ])
    const acceptable = acceptableToken(token, now)
    const steps = stepsOf((trace) => plausibleToken(acceptable, trusted(), now, trace))
    expect(steps.slice(-7)).toMatchObject([
      { name: 'times', ok: true },
      { name: 'expiry', ok: true },
      { name: 'unit of exp', ok: true },
      { name: 'not before', ok: true },
      { name: 'issued at', ok: true },
      { name: 'order of times', ok: true },
      { name: 'age', ok: true },
    ])
  })

  it('needs an iat where its issuer limits the age, as the trace tells', async () => {
    const acceptable = acceptableToken(parseToken(await issuer.sign({ iat: undefined })), now)
    const from = trusted()
    const strict = { ...from, rules: { ...from.rules, maxTokenAge: 60 } }
    expect(outcome(() => plausibleToken(acceptable, strict, now))).toBe('claim')
    expect(stepsOf((trace) => plausibleToken(acceptable, strict, now, trace)).at(-1)).toMatchObject({
      name: 'times',
      ok: false,
      claim: 'iat',
    })
  })
})
