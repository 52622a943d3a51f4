/* The whole playground, as a browser sees it. It runs in a process of its own, which trusts its own certificate. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { forgeries } from '../../examples/playground/forgeries.ts'
import { launch, type Launched } from '../../examples/playground/launch.ts'
import type { Exchange, Outcome } from '../../examples/playground/protocol.ts'
import { hasToken } from '../../examples/playground/whole-tokens.ts'
import { type Browser, openBrowser } from './browser.ts'

let playground: Launched
const received: string[] = []
/** Milliseconds. It starts in a few seconds, on a machine that does nothing else. */
const busyMachine = 120_000

beforeAll(async () => {
  playground = await launch({ port: 0 })
}, busyMachine)
afterAll(() => playground.close())

/** A browser in which somebody has signed in. */
async function signedIn(user: 'alice' | 'bob'): Promise<Browser> {
  const browser = openBrowser(playground, received)
  await browser.signIn(user, user === 'alice' ? 'wonderland' : 'builder')
  return browser
}

const statuses = ({ decisions }: Outcome): number[] => decisions.map(({ status }) => status)
const reasons = ({ decisions }: Outcome): unknown[] => decisions.map(({ reason }) => reason)
const lines = (exchanges: readonly Exchange[]): string[] =>
  exchanges.map(
    ({ from, to, method, target, status }) => `${from} > ${to}: ${method} ${target} ${status ?? '-'}`,
  )

describe('signing in', () => {
  it('lets alice do what an administrator may', async () => {
    const alice = await signedIn('alice')
    expect((await alice.state()).user).toEqual({ name: 'alice', roles: ['admin', 'reader'] })
    const outcome = await alice.act('call', { route: 'DELETE /reports/1' })
    expect(statuses(outcome)).toEqual([204, 204, 204])
    expect(outcome.asItShouldBe).toBe(true)
    expect(outcome.decisions[0]?.steps.at(-1)).toMatchObject({ name: 'guard', ok: true })
  })

  it('shows bob a 403, and which check refused him', async () => {
    const bob = await signedIn('bob')
    const role = await bob.act('call', { route: 'DELETE /reports/1' })
    expect(statuses(role)).toEqual([403, 403, 403])
    expect(role.decisions[0]?.challenge).toBeUndefined()
    expect(role.decisions[0]?.verdict).toContain('Required: admin. The token has: reader.')

    const scope = await bob.act('call', { route: 'POST /reports', api: 'Koa' })
    expect(scope.decisions[0]?.challenge).toContain('error="insufficient_scope"')
    expect(scope.decisions[0]?.steps.filter(({ ok }) => !ok)).toMatchObject([
      { name: 'guard', claim: 'scope', expected: 'reports:write', actual: 'reports:read' },
    ])
    expect(scope.asItShouldBe).toBe(true)
  })

  it('goes on when another site sends the browser back too early', async () => {
    const browser = openBrowser(playground, received)
    const { client, issuer } = playground.urls
    const begun = await browser.send(`${client}/login?user=alice`, {}, 'same-origin')
    const state = new URL(begun.headers.get('location') ?? '').searchParams.get('state') ?? ''
    const arrive = async (query: Record<string, string>): Promise<string> => {
      const url = `${client}/callback?${new URLSearchParams(query).toString()}`
      const init = { headers: { 'sec-fetch-dest': 'document' } }
      return (await browser.send(url, init, 'cross-site')).text()
    }
    const own = { error: 'access_denied', state, iss: issuer }
    expect(await arrive({ ...own, state: 'forged' })).toContain('not begun in this browser')
    expect(await arrive(own)).toContain('access_denied')
    expect(await arrive(own)).toContain('not begun in this browser')
  })

  it('ends the session in which it began', async () => {
    const browser = openBrowser(playground, received)
    const first = await browser.send(`${playground.urls.client}/state`, {}, 'same-origin')
    const cookie = first.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    const again = async (): Promise<number> => {
      const response = await browser.send(`${playground.urls.client}/state`, { headers: { cookie } })
      return response.headers.getSetCookie().length
    }
    expect(await again()).toBe(0)
    await browser.signIn('alice', 'wonderland')
    // Nobody has a session of this name, so the client makes another one.
    expect(await again()).toBe(1)
  })

  it('as another user ends the session of the one before', async () => {
    const browser = await signedIn('alice')
    const { user, accessToken } = await browser.signIn('bob', 'builder')
    expect(user?.name).toBe('bob')
    expect(accessToken?.payload.members?.find(({ name }) => name === 'scope')?.value).toBe('"reports:read"')
    expect(statuses(await browser.act('call', { route: 'GET /reports' }))).toEqual([200, 200, 200])
    const { recording } = await browser.state()
    expect(lines(recording)).toContain('Authorization server > Express: POST /backchannel-logout 200')
  })

  it('refuses a wrong password', async () => {
    const browser = openBrowser(playground, received)
    await expect(browser.signIn('alice', 'builder')).rejects.toThrow('401')
    expect((await browser.state()).user).toBeUndefined()
  })

  it('reads no password that is longer than any is', async () => {
    const browser = openBrowser(playground, received)
    await expect(browser.signIn('alice', 'wonderland'.repeat(500))).rejects.toThrow(': 413 ')
  })
})

describe('tokens', () => {
  it('shows every kind of token to the API', async () => {
    const alice = await signedIn('alice')
    const outcome = async (token: 'none' | 'id' | 'machine'): Promise<unknown> => {
      const { decisions } = await alice.act('call', { route: 'GET /me', api: 'Express', token })
      return decisions.map(({ status, reason }) => [status, reason])
    }
    expect(await outcome('none')).toEqual([[401, 'missing']])
    expect(await outcome('id')).toEqual([[401, 'type']])
    expect(await outcome('machine')).toEqual([[200, undefined]])
  })

  it('are refreshed, and the one before stays valid', async () => {
    const alice = await signedIn('alice')
    const { state } = await alice.act('refresh', {})
    expect(state.refreshes).toBe(1)
    expect(state.accessToken?.payload.text).not.toBe(state.previousAccessToken?.payload.text)
    expect(statuses(await alice.act('call', { route: 'GET /me', token: 'previous' }))).toEqual([
      200, 200, 200,
    ])
  })

  it('live as long as is set', async () => {
    const alice = await signedIn('alice')
    await alice.act('lifetime', { seconds: 60 })
    const { state } = await alice.act('refresh', {})
    await alice.act('lifetime', { seconds: 900 })
    const { expiresAt = 0, issuedAt = 0 } = state.accessToken ?? {}
    expect(expiresAt - issuedAt).toBe(60)
  })

  it('are refreshed in turn, when two tabs want to at once', async () => {
    const alice = await signedIn('alice')
    const outcomes = await Promise.all([alice.act('refresh', {}), alice.act('refresh', {})])
    expect(outcomes.map(({ summary }) => summary.includes('invalid_grant'))).toEqual([false, false])
    expect((await alice.act('refresh', {})).state.refreshes).toBe(3)
  })

  it('that have expired need no revocation', async () => {
    const alice = await signedIn('alice')
    await alice.act('lifetime', { seconds: 5 })
    const { state } = await alice.act('refresh', {})
    await alice.act('lifetime', { seconds: 900 })
    await expect
      .poll(async () => (await alice.state()).now, { timeout: 10_000 })
      .toBeGreaterThan(state.accessToken?.expiresAt ?? Infinity)
    await expect(alice.act('revoke', {})).rejects.toThrow('409 {"error":"This token has expired')
  })

  it('lose their whole family when a used refresh token comes back', async () => {
    const alice = await signedIn('alice')
    const reuse = await alice.act('reuse-refresh', {})
    expect(reuse.summary).toContain('invalid_grant')
    expect(reuse.asItShouldBe).toBe(true)
    // The access token is self-contained: nobody told the APIs.
    expect(statuses(reuse)).toEqual([200, 200, 200])
    const next = await alice.act('refresh', {})
    expect(next.summary).toContain('Sign in again')
    expect(next.state.refreshes).toBe(reuse.state.refreshes)
  })

  it('are revoked at every API at once', async () => {
    const alice = await signedIn('alice')
    const outcome = await alice.act('revoke', {})
    expect(reasons(outcome)).toEqual(['revoked', 'revoked', 'revoked'])
    expect(outcome.asItShouldBe).toBe(true)
    await alice.act('refresh', {})
    expect(statuses(await alice.act('call', { route: 'GET /me' }))).toEqual([200, 200, 200])
  })

  it('are refused after a sign-out, which puts none into an address', async () => {
    const alice = await signedIn('alice')
    const visited = await alice.signOut()
    expect(visited.filter((address) => /token|eyJ/.test(address))).toEqual([])
    const { user, previousAccessToken, now } = await alice.state()
    expect(user).toBeUndefined()
    expect(previousAccessToken?.expiresAt).toBeGreaterThan(now + 600)
    const outcome = await alice.act('call', { route: 'GET /me', token: 'previous' })
    expect(reasons(outcome)).toEqual(['revoked', 'revoked', 'revoked'])
  })

  it('that are bound are of no use with a used proof, or without one', async () => {
    const alice = await signedIn('alice')
    const bound = await alice.act('dpop', {})
    expect(statuses(bound)).toEqual([200, 200, 200])
    expect(bound.asItShouldBe).toBe(true)
    expect(bound.state.dpop).toBe(true)
    const replay = await alice.act('dpop-replay', {})
    expect(reasons(replay)).toEqual(['replayed'])
    expect(replay.asItShouldBe).toBe(true)
    expect(reasons(await alice.act('dpop-replay', { as: 'bearer' }))).toEqual([
      'binding',
      'binding',
      'binding',
    ])
  })
})

describe('a forged token', () => {
  let forger: Browser
  beforeAll(async () => {
    forger = await signedIn('bob')
  })

  it.each(forgeries)('is refused: $name', async ({ name, reason }) => {
    const outcome = await forger.act('forge', { name })
    expect(statuses(outcome)).toEqual([401, 401, 401])
    expect(reasons(outcome)).toEqual([reason, reason, reason])
    expect(outcome.asItShouldBe).toBe(true)
  })

  it('that was pasted is refused, and taken apart', async () => {
    const { decisions, parts } = await forger.act('paste', {
      text: 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJtYWxsb3J5In0.',
    })
    expect(decisions.map(({ status }) => status)).toEqual([401, 401, 401])
    expect(parts?.payload.members).toMatchObject([{ name: 'sub', value: '"mallory"' }])
  })

  it('could be made by every API with HS256, and by none with RS256', async () => {
    const { comparison, asItShouldBe } = await forger.act('algorithms', {})
    expect(comparison?.map(({ couldForge }) => couldForge.includes('Express'))).toEqual([false, true])
    expect(asItShouldBe).toBe(true)
  })
})

describe('the authorization server', () => {
  it('rotates its keys, and each API fetches them once', async () => {
    const alice = await signedIn('alice')
    const [before] = (await alice.state()).issuer.keys
    const { decisions, exchanges, state, asItShouldBe } = await alice.act('rotate-keys', { withdraw: true })
    expect(decisions.map(({ status }) => status)).toEqual([200, 200, 200, 401, 401, 401])
    expect(asItShouldBe).toBe(true)
    expect(state.issuer.keys.map(({ kid }) => kid)).not.toContain(before?.kid)
    expect(state.keyCaches.map(({ keys }) => keys.map(({ kid }) => kid))).toEqual(
      [1, 2, 3].map(() => state.issuer.keys.map(({ kid }) => kid)),
    )
    const firstRefusal = exchanges.findIndex(({ status }) => status === 401)
    const fetches = lines(exchanges.slice(0, firstRefusal)).filter((line) => line.includes('/jwks'))
    expect(fetches.sort()).toEqual(
      ['Express', 'Fastify', 'Koa'].map((name) => `${name} > Authorization server: GET /jwks 200`),
    )
  })

  it.each(['down', 'hanging'] as const)(
    'may be %s: the APIs go on, and the client gives up in time',
    async (mode) => {
      const alice = await signedIn('alice')
      const outcome = await alice.act('issuer', { mode })
      const begun = Date.now()
      const refresh = await alice.act('refresh', {})
      const others = await Promise.allSettled([
        alice.act('client-credentials', { route: 'GET /reports' }),
        alice.act('reuse-refresh', {}),
      ])
      await alice.act('issuer', { mode: 'up' })
      // Nothing is broken: the user is told.
      for (const other of others)
        expect(String((other as PromiseRejectedResult).reason)).toMatch(/: 409 .*no response/)
      expect(statuses(outcome)).toEqual([200, 200, 200])
      expect(refresh.summary).toContain('no response')
      expect(lines(refresh.exchanges).at(-1)).toBe('Client > Authorization server: POST /token -')
      expect(Date.now() - begun).toBeLessThan(9000)
      expect((await alice.act('refresh', {})).state.refreshes).toBe(1)
    },
  )
})

describe('an action', () => {
  it.each([
    ['of a name that does not exist', 'rest', {}, '404'],
    ['with details that it does not take', 'refresh', { often: true }, '400'],
    ['of a number out of bounds', 'lifetime', { seconds: 4 }, '400'],
    ['that needs a sign-in', 'refresh', {}, '409'],
    ['with a forgery that does not exist', 'forge', { name: 'other' }, '409'],
  ])('%s is refused', async (_name, action, details, status) => {
    const browser = openBrowser(playground, received)
    await browser.state()
    await expect(browser.act(action as 'refresh', details as never)).rejects.toThrow(status)
  })
})

describe('the client', () => {
  it('records what the servers saw, in order, and nothing of its own files', async () => {
    const alice = await signedIn('alice')
    await alice.state()
    const { exchanges, decisions } = await alice.act('call', { route: 'GET /reports' })
    expect(lines(exchanges)).toEqual([
      'Browser > Client: POST /do/call 200',
      ...decisions.map(({ api, status }) => `Client > ${api}: GET /reports ${status}`),
    ])
    const { recording } = await alice.state()
    expect(recording.slice(-exchanges.length).map(({ number }) => number)).toEqual(
      exchanges.map(({ number }) => number),
    )
    expect(lines(recording)[0]).toBe('Browser > Client: GET /login?user=alice 303')
    expect(lines(recording)).toContain('Client > Authorization server: POST /token 200')
  })

  it.each([
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['JSON', { 'content-type': 'application/json' }],
  ])('refuses %s of another site, even with the cookie', async (_name, headers) => {
    const alice = await signedIn('alice')
    const { otherSite, client } = playground.urls
    const response = await alice.send(`${client}/do/refresh`, {
      method: 'POST',
      body: '{}',
      headers: { ...headers, origin: otherSite, 'sec-fetch-site': 'cross-site' },
    })
    expect(response.status).toBe(403)
    const { refreshes, attacks, recording } = await alice.state()
    expect(refreshes).toBe(0)
    expect(attacks[0]).toMatchObject({
      refused: true,
      seen: expect.arrayContaining([`origin: ${otherSite}`]) as unknown,
    })
    expect(recording.at(-1)).toMatchObject({ from: 'Other site', to: 'Client', status: 403 })
  })

  it('goes on when another site puts a token into an address', async () => {
    const alice = await signedIn('alice')
    const token = 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJtYWxsb3J5In0.c2ln'
    const link = `${playground.urls.client}/?attack=window&x=${token}`
    await alice.send(link, { headers: { 'sec-fetch-dest': 'document' } }, 'cross-site')
    await alice.send(`${playground.urls.client}/${token}`, {}, 'cross-site')
    const { recording, attacks } = await alice.state()
    expect(recording.slice(-2).map(({ target }) => target)).toEqual(['/?attack=window&x=eyJ…', '/eyJ…'])
    expect(attacks[0]?.seen[0]).toBe('GET /eyJ…')
  })

  it.each([
    ['without a word on where it comes from', { 'content-type': 'application/json' }, 403],
    ['of its own origin', { 'content-type': 'application/json', origin: 'own' }, 200],
    ['of its own origin that is no JSON', { 'content-type': 'text/plain', origin: 'own' }, 403],
  ])(
    'judges a request %s by an old browser',
    async (_name, { origin, ...headers }: Record<string, string>, status) => {
      const alice = await signedIn('alice')
      const { client } = playground.urls
      const sent = origin === undefined ? headers : { ...headers, origin: client }
      const response = await alice.send(
        `${client}/do/refresh`,
        { method: 'POST', body: '{}', headers: sent },
        undefined,
      )
      expect(response.status).toBe(status)
    },
  )

  it('sets cookies that only this site can use', async () => {
    const browser = openBrowser(playground, received)
    const state = await browser.send(`${playground.urls.client}/state`)
    expect(state.headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^__Host-session=[\w-]{43}; HttpOnly; Secure; SameSite=Strict; Path=\/$/,
      ) as string,
    ])
    const login = await browser.send(`${playground.urls.client}/login`)
    expect(login.headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^__Host-login=[\w-]{43}; HttpOnly; Secure; SameSite=Lax; Path=\/; Max-Age=600$/,
      ) as string,
    ])
  })

  it('never sent a whole token to the page', () => {
    expect(received.length).toBeGreaterThan(40)
    expect(received.filter(hasToken)).toEqual([])
  })
})
