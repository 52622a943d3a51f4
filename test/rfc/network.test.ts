import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createResourceServer } from 'oauth-resource-server'
import { describe, expect, it } from 'vitest'
import { signSelf } from '../attacks/certificate.ts'
import {
  audience,
  countingFetch,
  createRange,
  issuerName,
  jwksUri,
  outcomeOf,
  type Range,
} from '../support/range.ts'

const oauth = `${issuerName}.well-known/oauth-authorization-server`
const openid = `${issuerName}.well-known/openid-configuration`
const good = { issuer: issuerName, jwks_uri: jwksUri }
const missing = (): Response => new Response('', { status: 404 })

interface Outcome {
  readonly status: number
  readonly calls: readonly string[]
}

/** What became of a good token under this network. */
async function verifyUnder(
  documents: Readonly<Record<string, () => unknown>>,
  options: object = {},
): Promise<Outcome> {
  const range = await createRange()
  const { fetch, calls } = countingFetch({ [jwksUri]: () => range.issuer.jwks, ...documents })
  const api = createResourceServer({ issuer: issuerName, audience, fetch, now: range.clock.now, ...options })
  const token = await range.issuer.sign()
  const { status } = await outcomeOf(() => api.verify(token), token)
  return { status, calls }
}

describe('requirements on metadata', () => {
  it.each(['http://issuer.test/keys', 'ftp://issuer.test/keys', 'keys'])(
    'RFC8414-2-2 a jwks_uri of %s is not followed',
    async (jwks_uri) => {
      const { status, calls } = await verifyUnder({ [oauth]: () => ({ ...good, jwks_uri }) })
      expect([status, new Set(calls)]).toEqual([503, new Set([oauth])])
    },
  )

  it.each(['RFC8414-2.1-1', 'RFC8414-3.2-2'])(
    '%s signed_metadata and members nobody knows are ignored',
    async () => {
      expect(
        await verifyUnder({ [oauth]: () => ({ ...good, signed_metadata: 'a.b.c', 'x-new': 1 }) }),
      ).toEqual({ status: 200, calls: [oauth, jwksUri] })
    },
  )

  it('RFC8414-3.1-2 metadata is asked for with GET', async () => {
    const range = await createRange()
    const methods: (string | undefined)[] = []
    const { fetch } = countingFetch({ [oauth]: () => good, [jwksUri]: () => range.issuer.jwks })
    const api = createResourceServer({
      issuer: issuerName,
      audience,
      fetch: (url, init) => {
        methods.push(init.method)
        return fetch(url, init)
      },
    })
    await api.ready()
    expect(methods).toEqual(['GET', 'GET'])
  })

  const noMetadata: Readonly<Record<string, () => Response>> = {
    'status 204': () => new Response(null, { status: 204 }),
    'status 404': missing,
    'a list': () => Response.json([good]),
    'no JSON': () => new Response('metadata', { headers: { 'content-type': 'application/json' } }),
  }
  for (const id of ['RFC8414-3.2-1', 'OIDCD-4.2-1']) {
    it.each(Object.entries(noMetadata))(`${id} an answer with %s is no metadata`, async (_title, answer) => {
      const { status, calls } = await verifyUnder({ [oauth]: answer, [openid]: answer })
      expect(status).toBe(503)
      expect(calls).not.toContain(jwksUri)
    })
  }

  it.each(['RFC8414-3.3-1', 'RFC8414-3.3-2', 'RFC8414-6.2-1', 'OIDCD-4.3-1'])(
    '%s metadata of another issuer is not used at all',
    async () => {
      for (const issuer of ['https://issuer.test', 'https://ISSUER.test/', 'https://evil.test/']) {
        const { status, calls } = await verifyUnder({ [oauth]: () => ({ ...good, issuer }) })
        expect([status, calls]).toEqual([503, [oauth]])
      }
    },
  )

  it('RFC8414-5-1 the second place is asked after 404, and not after a contradiction', async () => {
    expect(await verifyUnder({ [oauth]: missing, [openid]: () => good })).toEqual({
      status: 200,
      calls: [oauth, openid, jwksUri],
    })
    const { status, calls } = await verifyUnder({
      [oauth]: () => ({ ...good, issuer: 'https://evil.test/' }),
      [openid]: () => good,
    })
    expect([status, calls]).toEqual([503, [oauth]])
  })

  it.each([
    'https://127.0.0.1/',
    'https://10.0.0.1/',
    'https://169.254.169.254/',
    'https://[::1]/',
    'https://localhost/',
  ])('RFC8725bis-3.10-3 a jwks_uri of %s, an address of the inside, is not followed', async (jwks_uri) => {
    const { status, calls } = await verifyUnder({ [oauth]: () => ({ ...good, jwks_uri }) })
    expect([status, new Set(calls)]).toEqual([503, new Set([oauth])])
  })
})

describe('requirements on fetching keys', () => {
  it('RFC7515-8-1 keys are not taken from a server whose certificate nobody vouches for', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const cert = `-----BEGIN CERTIFICATE-----\n${signSelf(privateKey).toString('base64')}\n-----END CERTIFICATE-----\n`
    let asked = 0
    const server = createServer(
      { key: privateKey.export({ type: 'pkcs8', format: 'pem' }), cert },
      () => asked++,
    )
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const uri = `https://127.0.0.1:${(server.address() as AddressInfo).port}/keys`
    await expect(createResourceServer({ issuer: 'i', audience, jwksUri: uri }).ready()).rejects.toMatchObject(
      { status: 503 },
    )
    expect(asked).toBe(0)
    server.close()
    server.closeAllConnections()
  })

  it.each(['RFC7515-4.1.2-1', 'RFC7515-4.1.5-1', 'RFC8725-3.10-2'])(
    '%s no URL of a header is ever called',
    async () => {
      const { range, api, calls } = await warmed()
      for (const name of ['jku', 'x5u'])
        await api.verify(await range.issuer.sign({}, { [name]: 'https://evil.test/' }))
      expect(calls).toEqual([])
    },
  )

  it('RFC7517-5-1 a set without keys never replaces one that has them', async () => {
    for (const bad of [{}, { keys: {} }, { keys: [] }, { Keys: [] }]) {
      const { range, api, answer, calls } = await warmed()
      answer(() => bad)
      range.clock.advance(601)
      expect((await api.verify(await range.issuer.sign())).subject).toBe('user-1')
      expect(calls.length).toBeGreaterThan(0)
    }
  })

  it('OIDCC-10.1.1-1 an unfamiliar kid is looked for once more', async () => {
    const { range, api, calls } = await warmed()
    await range.issuer.rotate()
    expect((await api.verify(await range.issuer.sign())).subject).toBe('user-1')
    expect(calls).toEqual([jwksUri])
  })

  const freshness: readonly (readonly [string, Record<string, string>, number, number])[] = [
    ['max-age', { 'cache-control': 'max-age=1000' }, 690, 0],
    ['max-age, past it', { 'cache-control': 'max-age=1000' }, 1001, 1],
    ['max-age less Age', { 'cache-control': 'max-age=1000', age: '700' }, 301, 1],
    [
      'max-age before s-maxage and Expires',
      { 'cache-control': 's-maxage=60, max-age=1000', expires: 'Thu, 01 Jan 1970 00:00:00 GMT' },
      690,
      0,
    ],
    [
      'Expires less Date',
      { expires: 'Fri, 01 Jan 2027 00:20:00 GMT', date: 'Fri, 01 Jan 2027 00:00:00 GMT' },
      830,
      0,
    ],
    [
      'Expires less Date, past it',
      { expires: 'Fri, 01 Jan 2027 00:20:00 GMT', date: 'Fri, 01 Jan 2027 00:00:00 GMT' },
      1201,
      1,
    ],
    ['nothing said', {}, 400, 0],
    ['nothing said, past the default', {}, 601, 1],
  ]
  for (const id of ['RFC9111-4.2.1-1', 'OIDCC-10.2.1-1']) {
    it.each(freshness)(`${id} keys are fresh by %s`, async (_title, headers, seconds, count) => {
      const { range, api, calls } = await warmed(headers)
      range.clock.advance(seconds)
      await api.verify(await range.issuer.sign())
      expect(calls).toHaveLength(count)
    })
  }

  it.each(['99999999999999999999', '2147483648', '4294967296', '1e9', '-5', '0x10', ''])(
    'RFC9111-1.2.2-1 a max-age of %s neither overflows nor lasts',
    async (age) => {
      const { range, api, calls } = await warmed({ 'cache-control': `max-age=${age}` })
      range.clock.advance(3601)
      await api.verify(await range.issuer.sign())
      expect(calls).toHaveLength(1)
    },
  )

  it('RFC9111-4.2.4-1 old keys serve an hour past their freshness, and no longer', async () => {
    const { range, api, answer } = await warmed()
    answer(() => new Response('', { status: 500 }))
    range.clock.advance(600 + 3599)
    expect((await api.verify(await range.issuer.sign())).subject).toBe('user-1')
    range.clock.advance(2)
    await expect(api.verify(await range.issuer.sign())).rejects.toMatchObject({ status: 503 })
  })

  it('RFC9111-4.3-1 keys are asked for on a condition, and 304 makes them fresh again', async () => {
    const range = await createRange()
    const server = await range.issuer.listen()
    const api = createResourceServer({
      issuer: issuerName,
      audience,
      jwksUri: server.jwksUri,
      now: range.clock.now,
    })
    await api.ready()
    range.clock.advance(601)
    await api.verify(await range.issuer.sign())
    expect(server.requests.map(({ headers }) => headers['if-none-match'] === undefined)).toEqual([
      true,
      false,
    ])
    expect(api.health().issuers[issuerName]?.counters.notModified).toBe(1)
    await api.verify(await range.issuer.sign())
    expect(server.count()).toBe(2)
    await server.close()
  })

  async function warmed(headers: Record<string, string> = {}): Promise<{
    range: Range
    api: ReturnType<typeof createResourceServer>
    calls: string[]
    answer: (document: () => unknown) => void
  }> {
    const range = await createRange()
    let document = (): unknown => Response.json(range.issuer.jwks, { headers })
    const { fetch, calls } = countingFetch({ [jwksUri]: (): unknown => document() })
    const api = createResourceServer({ issuer: issuerName, audience, jwksUri, fetch, now: range.clock.now })
    await api.ready()
    calls.length = 0
    return { range, api, calls, answer: (next) => (document = next) }
  }
})
