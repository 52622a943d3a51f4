import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createResourceServer } from 'oauth-resource-server'
import { describe, expect, it } from 'vitest'
import { signSelf } from './certificate.ts'
import {
  audience,
  countingFetch,
  createRange,
  issuerName,
  jwkOf,
  jwksUri,
  outcomeOf,
} from '../support/range.ts'

const oauth = 'https://issuer.test/.well-known/oauth-authorization-server'
const openid = 'https://issuer.test/.well-known/openid-configuration'
const good = { issuer: issuerName, jwks_uri: jwksUri }

/** What became of a good token whose issuer publishes this metadata, and whom the API called. */
async function discover(
  documents: Readonly<Record<string, () => unknown>>,
  options: object = {},
): Promise<{ status: number; calls: readonly string[] }> {
  const range = await createRange()
  const { fetch, calls } = countingFetch({ [jwksUri]: () => range.issuer.jwks, ...documents })
  const api = createResourceServer({ issuer: issuerName, audience, fetch, now: range.clock.now, ...options })
  const token = await range.issuer.sign({ iss: (options as { issuer?: string }).issuer ?? issuerName })
  const { status } = await outcomeOf(() => api.verify(token), token)
  return { status, calls }
}

describe('metadata of the issuer', () => {
  it('SRF class: leads to the keys, and nowhere else', async () => {
    expect(await discover({ [oauth]: () => good })).toEqual({ status: 200, calls: [oauth, jwksUri] })
  })

  it.each([
    'https://issuer.test',
    'https://issuer.test//',
    'https://ISSUER.test/',
    'http://issuer.test/',
    'https://issuer.test:443/',
    'https://evil.test/',
    'https://issuer.test/tenant',
    '',
  ])('SRF-6 that names %j as issuer is not used, and no key is fetched', async (issuer) => {
    const { status, calls } = await discover({ [oauth]: () => ({ ...good, issuer }), [openid]: () => good })
    expect(status).toBe(503)
    // Not even the second place is asked, where one that is right might be: the issuer contradicts itself.
    expect(new Set(calls)).toEqual(new Set([oauth]))
  })

  it.each([[7], [null], [undefined], [[issuerName]], [{ 0: issuerName }]])(
    'SRF-6 that names %j, which is no name, is no metadata: the second place decides',
    async (issuer) => {
      const nameless = { [oauth]: () => ({ jwks_uri: 'https://evil.test/keys', issuer }) }
      expect(await discover({ ...nameless, [openid]: () => good })).toEqual({
        status: 200,
        calls: [oauth, openid, jwksUri],
      })
      const { status, calls } = await discover({ ...nameless, [openid]: nameless[oauth] })
      expect(status).toBe(503)
      expect(calls.some((url) => url.includes('evil') || url === jwksUri)).toBe(false)
    },
  )

  it.each([
    'http://issuer.test/keys',
    'http://169.254.169.254/latest/meta-data/',
    'https://169.254.169.254/',
    'https://127.0.0.1/keys',
    'https://[::1]/keys',
    'https://[::ffff:127.0.0.1]/keys',
    'https://[fd00::1]/',
    'https://0.0.0.0/',
    'https://10.0.0.1/',
    'https://192.168.0.1/',
    'https://2130706433/',
    'https://0x7f000001/',
    'https://0177.0.0.1/',
    'https://127.1/',
    'https://localhost/keys',
    'https://localhost./keys',
    'https://LOCALHOST./keys',
    'https://local%68ost/keys',
    'https://api.localhost/keys',
    'https://api.localhost./keys',
    'https://localhost.localdomain/keys',
    'https://ip6-localhost/keys',
    'https://127.0.0.1./keys',
    'https://127.1./keys',
    'https://0x7f.1/keys',
    'https://[::ffff:7f00:1]/keys',
    'https://[0:0:0:0:0:0:0:1]/keys',
    'https://①②⑦.0.0.1/keys',
    'https://issuer.test./keys',
    'https://keys.example.test./set',
    'https://:secret@issuer.test/keys',
    'https:\\\\localhost.\\keys',
    ' https://localhost./keys',
    'https://LOCALHOST/keys',
    'http://localhost/keys',
    'https://user:secret@issuer.test/keys',
    'https://issuer.test@10.0.0.1/',
    'file:///etc/passwd',
    'data:application/json,{}',
    'ftp://issuer.test/keys',
    'blob:https://issuer.test/x',
    'javascript:1',
    '/keys',
    'keys',
    '',
    '["https://issuer.test/keys"]',
  ])('SRF-4 D10 that leads to %j is not followed', async (jwks_uri) => {
    const { status, calls } = await discover({ [oauth]: () => ({ ...good, jwks_uri }) })
    expect(status).toBe(503)
    expect(new Set(calls)).toEqual(new Set([oauth]))
  })

  it.each([[7], [null], [undefined], [[jwksUri]], [{}]])(
    'SRF-4 that leads to %j is not followed',
    async (jwks_uri) => {
      const { status, calls } = await discover({ [oauth]: () => ({ ...good, jwks_uri }) })
      expect(status).toBe(503)
      expect(new Set(calls)).toEqual(new Set([oauth]))
    },
  )

  it('SRF-7 may lead to another host by name', async () => {
    const range = await createRange()
    const elsewhere = 'https://keys.example.test/set'
    const { fetch, calls } = countingFetch({
      [oauth]: () => ({ ...good, jwks_uri: elsewhere }),
      [elsewhere]: () => range.issuer.jwks,
    })
    const api = createResourceServer({ issuer: issuerName, audience, fetch, now: range.clock.now })
    expect((await api.verify(await range.issuer.sign())).subject).toBe('user-1')
    expect(calls).toEqual([oauth, elsewhere])
  })

  it.each([301, 302, 303, 307, 308])('SRF-8 that redirects with %d is not followed', async (status) => {
    const redirect = (): Response =>
      new Response(null, { status, headers: { location: 'https://evil.test/' } })
    const outcome = await discover({ [oauth]: redirect, [openid]: redirect })
    expect(outcome.status).toBe(503)
    expect(outcome.calls.every((url) => url === oauth || url === openid)).toBe(true)
  })

  it.each([
    ['ten megabytes', () => new Response(`{"x":"${'x'.repeat(10_000_000)}"}`)],
    ['no JSON', () => new Response('<!doctype html>')],
    ['a list', () => [good]],
    ['a member twice', () => new Response(`{"issuer":"https://evil.test/",${JSON.stringify(good).slice(1)}`)],
    [
      'jwks_uri twice',
      () => new Response(`{"jwks_uri":"https://evil.test/",${JSON.stringify(good).slice(1)}`),
    ],
    ['two byte order marks', () => new Response(`\ufeff\ufeff${JSON.stringify(good)}`)],
    ['an error', () => new Response('', { status: 500 })],
  ])('SRF-9 of %s is not used', async (_title, document) => {
    const { status, calls } = await discover({ [oauth]: document, [openid]: document })
    expect(status).toBe(503)
    expect(calls).not.toContain(jwksUri)
  })

  it.each([
    ['a byte order mark', () => new Response(`\ufeff${JSON.stringify(good)}`)],
    ['another type', () => new Response(JSON.stringify(good), { headers: { 'content-type': 'text/html' } })],
  ])('SRF-9 with %s is read by its body', async (_title, document) => {
    expect((await discover({ [oauth]: document })).status).toBe(200)
  })

  it('SRF-9 with members nobody knows is used', async () => {
    const { status } = await discover({ [oauth]: () => ({ ...good, signed_metadata: 'a.b.c', x: [1] }) })
    expect(status).toBe(200)
  })

  it('SRF-10 that names another issuer later changes nothing', async () => {
    const range = await createRange()
    let metadata: unknown = good
    let gone = false
    const evil = 'https://evil.test/keys'
    const { fetch, calls } = countingFetch({
      [oauth]: () => metadata,
      [openid]: () => metadata,
      [jwksUri]: () => (gone ? new Response('', { status: 404 }) : range.issuer.jwks),
      [evil]: () => ({ keys: [] }),
    })
    const api = createResourceServer({ issuer: issuerName, audience, fetch, now: range.clock.now })
    await api.ready()
    metadata = { issuer: 'https://evil.test/', jwks_uri: evil }
    gone = true
    range.clock.advance(601)
    const token = await range.issuer.sign()
    expect(await outcomeOf(() => api.verify(token), token)).toMatchObject({ reason: 'accepted' })
    expect(calls).not.toContain(evil)
  })

  it.each([
    [
      'https://issuer.test',
      [
        'https://issuer.test/.well-known/oauth-authorization-server',
        'https://issuer.test/.well-known/openid-configuration',
      ],
    ],
    ['https://issuer.test/', [oauth, openid]],
    [
      'https://issuer.test/a',
      [
        'https://issuer.test/.well-known/oauth-authorization-server/a',
        'https://issuer.test/a/.well-known/openid-configuration',
      ],
    ],
    [
      'https://issuer.test/a/b/',
      [
        'https://issuer.test/.well-known/oauth-authorization-server/a/b',
        'https://issuer.test/a/b/.well-known/openid-configuration',
      ],
    ],
  ])('SRF-15 of %s is looked for in the two places the specifications name', async (issuer, places) => {
    const missing = (): Response => new Response('', { status: 404 })
    const { status, calls } = await discover(Object.fromEntries(places.map((place) => [place, missing])), {
      issuer,
    })
    expect(status).toBe(503)
    expect([...new Set(calls)]).toEqual(places)
    for (const place of places) {
      const found = await discover(
        {
          ...Object.fromEntries(places.map((other) => [other, missing])),
          [place]: () => ({ issuer, jwks_uri: jwksUri }),
        },
        { issuer },
      )
      expect(found.status).toBe(200)
    }
  })
})

describe('issuers that a token names', () => {
  it.each([
    'https://evil.test/',
    'https://issuer.test/../evil',
    'https://issuer.test@evil.test/',
    'https://evil.test#issuer.test',
    'https://evil.test/?issuer.test',
    'https://issuer.test%2e.evil.test/',
    'https://issuer.test/\r\nHost: evil.test',
    'https://іssuer.test/',
    'http://169.254.169.254/',
    'file:///etc/passwd',
    '__proto__',
    '',
    ' ',
  ])('SRF-1 %j is never called unless it is vouched for', async (iss) => {
    const range = await createRange()
    const { fetch, calls } = countingFetch({ [jwksUri]: () => range.issuer.jwks })
    const asked: string[] = []
    const api = createResourceServer({
      audience,
      issuers: (name) => {
        asked.push(name)
        return name === issuerName ? { issuer: issuerName, jwksUri } : undefined
      },
      fetch,
      now: range.clock.now,
    })
    const token = await range.issuer.sign({ iss })
    expect(await outcomeOf(() => api.verify(token), token)).toMatchObject({
      status: 401,
      reason: 'unknown_issuer',
    })
    expect(asked).toEqual([iss])
    expect(calls).toEqual([])
  })

  it('SRF-2 a function that vouches for a name under another name is a bug, and no pass', async () => {
    const range = await createRange()
    const { fetch, calls } = countingFetch({ [jwksUri]: () => range.issuer.jwks })
    const api = createResourceServer({
      audience,
      issuers: () => ({ issuer: issuerName, jwksUri }),
      fetch,
      now: range.clock.now,
    })
    await expect(api.verify(await range.issuer.sign({ iss: 'https://evil.test/' }))).rejects.toThrow(
      TypeError,
    )
    expect(calls).toEqual([])
  })

  it.each([
    'http://issuer.test/keys',
    'http://10.0.0.1/',
    'ftp://x/',
    'keys',
    'https://user:secret@issuer.test/keys',
    7,
    '',
  ])('SRF-2 a function that leads to %j is a bug, and no call', async (uri) => {
    const range = await createRange()
    const { fetch, calls } = countingFetch({})
    const api = createResourceServer({
      audience,
      issuers: (issuer) => ({ issuer, jwksUri: uri as string }),
      fetch,
      now: range.clock.now,
    })
    await expect(api.verify(await range.issuer.sign())).rejects.toThrow(TypeError)
    expect(calls).toEqual([])
  })

  it('SRF-11 a malicious issuer among several signs for nobody else', async () => {
    const range = await createRange()
    const evil = await createRange()
    const { fetch } = countingFetch({
      [jwksUri]: () => range.issuer.jwks,
      'https://evil.test/keys': () => ({
        keys: [{ ...jwkOf(evil.issuer), kid: jwkOf(range.issuer)['kid'] }],
      }),
    })
    const issuers = [
      { issuer: issuerName, jwksUri },
      { issuer: 'https://evil.test/', jwksUri: 'https://evil.test/keys' },
    ]
    const api = createResourceServer({ audience, issuers, fetch, now: range.clock.now })
    const forged = await evil.issuer.sign({ iss: issuerName }, { kid: jwkOf(range.issuer)['kid'] })
    expect(await outcomeOf(() => api.verify(forged), forged)).toMatchObject({ reason: 'signature' })
    const own = await evil.issuer.sign({ iss: 'https://evil.test/' }, { kid: jwkOf(range.issuer)['kid'] })
    expect((await api.verify(own)).issuer).toBe('https://evil.test/')
  })

  it('SRF-13 two spellings of one issuer are two issuers', async () => {
    const range = await createRange()
    const { fetch } = countingFetch({ [jwksUri]: () => range.issuer.jwks })
    const spelled = ['accounts.issuer.test', 'https://accounts.issuer.test']
    const api = createResourceServer({
      audience,
      issuers: spelled.map((issuer) => ({ issuer, jwksUri })),
      fetch,
      now: range.clock.now,
    })
    for (const iss of spelled) expect((await api.verify(await range.issuer.sign({ iss }))).issuer).toBe(iss)
    const other = await range.issuer.sign({ iss: 'https://accounts.issuer.test/' })
    expect(await outcomeOf(() => api.verify(other), other)).toMatchObject({ reason: 'unknown_issuer' })
  })
})

describe('the exchange itself', () => {
  it('SRF class: sends nothing but its wish for JSON, and never follows', async () => {
    const range = await createRange()
    const seen: RequestInit[] = []
    const api = createResourceServer({
      issuer: issuerName,
      audience,
      jwksUri,
      fetch: (_url, init) => {
        seen.push(init)
        return Promise.resolve(Response.json(range.issuer.jwks))
      },
    })
    await api.ready()
    expect(seen).toHaveLength(1)
    expect(Object.keys(seen[0]?.headers ?? {})).toEqual(['accept'])
    expect(seen[0]).toMatchObject({ method: 'GET', redirect: 'manual' })
    expect(seen[0]).not.toHaveProperty('credentials')
  })

  it('SRF-17 a certificate that nobody vouches for is a failed fetch', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const cert = `-----BEGIN CERTIFICATE-----\n${signSelf(privateKey).toString('base64')}\n-----END CERTIFICATE-----\n`
    let asked = 0
    const server = createServer(
      { key: privateKey.export({ type: 'pkcs8', format: 'pem' }), cert },
      (_request, response) => {
        asked++
        response.end('{}')
      },
    )
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const uri = `https://127.0.0.1:${(server.address() as AddressInfo).port}/keys`
    const api = createResourceServer({ issuer: issuerName, audience, jwksUri: uri })
    await expect(api.ready()).rejects.toMatchObject({ status: 503 })
    expect(asked).toBe(0)
    expect(api.health().ready).toBe(false)
    server.close()
    server.closeAllConnections()
  })

  it.each(['insecure', 'rejectUnauthorized', 'agent', 'dangerouslyAllowHttp', 'allowHttp', 'proxy'])(
    'SRF-16 there is no option %s',
    async (name) => {
      const { issuer } = await createRange()
      expect(() => createResourceServer({ ...issuer.options, [name]: true })).toThrow(/unknown option/)
    },
  )
})
