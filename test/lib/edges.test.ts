import { createResourceServer, type ResourceServerOptions } from 'oauth-resource-server'
import { authorize } from 'oauth-resource-server/express'
import { createTestClock, createTestIssuer } from 'oauth-resource-server/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { environmentOptions } from '../../src/options/environment.ts'
import { withSignal } from '../../src/issuer/fetch-json.ts'
import { asFetchError } from '../../src/issuer/key-fetch.ts'
import * as node from '../../src/platform/node.ts'

afterEach(() => vi.unstubAllGlobals())

describe('the environment', () => {
  it('is empty where there is no process', () => {
    vi.stubGlobal('process', undefined)
    expect(environmentOptions()).toEqual({ issuer: undefined, audience: undefined, jwksUri: undefined })
  })
})

describe('a fetch', () => {
  it('is over where its time was up before it began', async () => {
    const work = new Promise<never>(() => undefined)
    await expect(withSignal(work, AbortSignal.abort())).rejects.toThrow('no complete answer in time')
  })

  it('fails by a fixed sentence where nobody foresaw how', () => {
    const cause = new RangeError('what a library says')
    expect(asFetchError(cause)).toMatchObject({ message: 'the keys cannot be read', cause })
  })

  it('of an answer without a body is no set of keys', async () => {
    const api = createResourceServer({
      issuer: 'https://issuer.test/',
      audience: 'https://api.test',
      jwksUri: 'https://issuer.test/jwks',
      fetch: () => Promise.resolve(new Response(null)),
    })
    await expect(api.ready()).rejects.toMatchObject({ status: 503 })
    expect(Object.values(api.health().issuers)[0]?.lastError).toBe('the answer is not a JSON object')
  })
})

describe('keys that grow too old', () => {
  it('are not used by who waited for newer ones until then', async () => {
    const clock = createTestClock(1_800_000_000_000)
    const issuer = await createTestIssuer({ algorithms: ['EdDSA'], clock })
    let answer: () => Response | Promise<Response> = () => Response.json(issuer.jwks)
    const api = createResourceServer({
      issuer: issuer.issuer,
      audience: 'https://api.test',
      jwksUri: 'https://issuer.test/jwks',
      now: clock.now,
      fetch: () => Promise.resolve(answer()),
    })
    const token = await issuer.sign({ exp: clock.now() / 1000 + 100_000 })
    await api.verify(token)
    clock.advance(601)
    let fail = (_response: Response): void => undefined
    answer = () => new Promise((resolve) => (fail = resolve))
    const waiting = api.verify(token)
    await vi.waitFor(() => expect(api.health().issuers[issuer.issuer]?.counters.fetches).toBe(2))
    clock.advance(3600)
    fail(new Response('', { status: 503, headers: { 'retry-after': '7' } }))
    await expect(waiting).rejects.toMatchObject({ status: 503 })
  })
})

describe('options', () => {
  const common = { issuer: 'https://issuer.test/', audience: 'https://api.test' }

  it.each([
    'https://issuer.test/?x',
    'https://issuer.test/#x',
    'https://issuer.test/?',
    'https://issuer.test/#',
  ])('need to say where the keys of %s are (RFC 8414 §2)', (issuer) => {
    expect(() => createResourceServer({ ...common, issuer })).toThrow(
      /^issuer: a URL with a query or fragment/,
    )
  })

  it('of a dynamic issuer need not repeat its name', async () => {
    const issuer = await createTestIssuer({ algorithms: ['EdDSA'] })
    const { audience, jwks, now } = issuer.options
    const issuers = (): object => ({ audience, jwks })
    const api = createResourceServer({ issuers, now } as unknown as ResourceServerOptions)
    expect((await api.verify(await issuer.sign())).issuer).toBe(issuer.issuer)
  })

  it('of a route include a guard that is one', () => {
    expect(() => authorize('admin' as never)).toThrow(
      new TypeError('authorize: give it a guard or a predicate'),
    )
  })
})

describe('a set with keys for encryption too', () => {
  it.each([
    ['without use and key_ops', { use: undefined }, false],
    ['with use', {}, true],
    ['with key_ops', { use: undefined, key_ops: ['verify'] }, true],
  ])('uses a key %s: %j: %s (RFC 8414 §2)', async (_what, change, used) => {
    const issuer = await createTestIssuer({ algorithms: ['EdDSA', 'ES256'] })
    const [first, second] = issuer.jwks.keys
    const keys = [{ ...first, ...change }, second, { ...second, kid: 'e', use: 'enc', alg: 'ECDH-ES' }]
    const api = createResourceServer({ ...issuer.options, jwks: { keys: keys as never } })
    const verdict = api.verify(await issuer.sign()).then(
      () => true,
      () => false,
    )
    expect(await verdict).toBe(used)
  })
})

describe('platform node', () => {
  it('calls a check that OpenSSL refuses to make a failed one', async () => {
    const issuer = await createTestIssuer({ algorithms: ['EdDSA'] })
    const key = await node.importPublicKey(issuer.jwks.keys[0] as never, ['RS256'])
    expect(await node.verifySignature('RS256', key, 'a.b', Buffer.alloc(64))).toBe(false)
    expect(await node.verifySignature('PS256', key, 'a.b', Buffer.alloc(64))).toBe(false)
  })
})
