import {
  createResourceServer,
  type Extractor,
  firstOf,
  fromBody,
  fromHeader,
  fromQuery,
  type HttpRequest,
} from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'

const issuer = await createTestIssuer({ algorithms: ['EdDSA'] })
const token = await issuer.sign()
const form = 'application/x-www-form-urlencoded'

async function outcomeOf(request: HttpRequest, tokenFrom: Extractor = fromHeader()): Promise<string> {
  const api = createResourceServer({ ...issuer.options, tokenFrom })
  return api.authenticate(request).then(
    ({ subject }) => subject as string,
    (error: unknown) => `${(error as { reason: string }).reason}: ${(error as Error).message}`,
  )
}

const missing = 'missing: No access token was sent'
const unreadable = 'malformed: The credentials are malformed'

describe('the Authorization header', () => {
  it.each<[string, HttpRequest, string]>([
    ['beside names as long as its own', rawly(['Cache-Control', 'no-store', 'If-None-Match', '*']), 'user-1'],
    ['beside itself as a value', rawly(['X-Name', 'authorization']), 'user-1'],
    [
      'written twice',
      rawly(['authorization', 'x']),
      'malformed: More than one Authorization header was sent',
    ],
    ['without a value', { headers: { authorization: undefined } }, missing],
    [
      'in capitals, where Node writes small letters',
      { headers: { Authorization: `Bearer ${token}` }, rawHeaders: [] },
      missing,
    ],
    ['in small letters', { headers: { authorization: `bearer ${token}` } }, 'user-1'],
    [
      'with a token of one character',
      { headers: { authorization: 'bearer a' } },
      'malformed: The access token is malformed',
    ],
    ['with another line', { headers: { authorization: `bearer ${token}\nx` } }, unreadable],
    [
      'with another line, in the common spelling',
      { headers: { authorization: `Bearer ${token}\nx` } },
      unreadable,
    ],
    ['with the scheme at its end', { headers: { authorization: `${token} Bearer ` } }, missing],
    ['with the scheme alone', { headers: { authorization: 'Bearer ' } }, unreadable],
  ])('is read %s', async (_what, request, outcome) => {
    expect(await outcomeOf(request)).toBe(outcome)
  })
})

describe('the query', () => {
  it('is empty where the request has no target', async () => {
    expect(await outcomeOf({ headers: {} }, fromQuery())).toBe(missing)
    expect(await outcomeOf({ headers: {}, url: `/?access_token=${token}` }, fromQuery())).toBe('user-1')
  })
})

describe('the body', () => {
  const body = { access_token: token }

  it.each<[string, HttpRequest, string]>([
    ['of a form', { method: 'POST', headers: { 'content-type': form }, body }, 'user-1'],
    ['of no type', { method: 'POST', headers: {}, body }, missing],
    [
      'of a type that ends alike',
      { method: 'POST', headers: { 'content-type': `x-${form}` }, body },
      missing,
    ],
    ['that is null', { method: 'POST', headers: { 'content-type': form }, body: null }, missing],
    ['that is text', { method: 'POST', headers: { 'content-type': form }, body: 'access_token' }, missing],
  ])('is read %s', async (_what, request, outcome) => {
    expect(await outcomeOf(request, fromBody())).toBe(outcome)
  })
})

describe('several places', () => {
  it('hold one token at most (RFC 6750 §3.1)', async () => {
    const both = { headers: { authorization: `Bearer ${token}` }, url: `/?access_token=${token}` }
    const places = firstOf(fromHeader(), fromQuery())
    expect(await outcomeOf(both, places)).toBe('malformed: More than one access token was sent')
    expect(await outcomeOf({ ...both, headers: {} }, places)).toBe('user-1')
  })

  it('are at least one', () => {
    expect(() => firstOf()).toThrow(/^firstOf: /)
  })
})

describe('an issuer that is no text', () => {
  it('is called so where there are several to choose from', async () => {
    const { issuer: name, audience, jwks, now } = issuer.options
    const api = createResourceServer({ issuers: [{ issuer: name, audience, jwks }], now })
    await expect(api.verify(await issuer.sign({ iss: [name] }))).rejects.toMatchObject({ reason: 'issuer' })
    await expect(api.verify(await issuer.sign({ iss: 'x' }))).rejects.toMatchObject({
      reason: 'unknown_issuer',
    })
  })
})

function rawly(others: readonly string[]): HttpRequest {
  const authorization = `Bearer ${token}`
  return { headers: { authorization }, rawHeaders: ['Authorization', authorization, ...others] }
}
