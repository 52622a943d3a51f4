import { beforeEach, describe, expect, it, vi } from 'vitest'
import { type LogoutHandler, logoutHandler, type LogoutParts } from '../../src/caller/logout.ts'
import { revocationList } from '../../src/caller/revocation-list.ts'
import type { AuthError } from '../../src/errors.ts'
import { InvalidRequestError, UpstreamError } from '../../src/errors.ts'
import type { Issuers } from '../../src/issuer/issuers.ts'
import type { Clock } from '../../src/lib/clock.ts'
import type { Limited } from '../../src/lib/limited.ts'
import { logoutSettings, type BackChannelLogoutOptions } from '../../src/options/logout.ts'
import type { ReplayStore, RevocationList } from '../../src/stores.ts'
import type { HttpResponse } from '../../src/types.ts'
import { keysWith, trusted } from '../token/stages.ts'
import { issuer, now } from '../token/verdict.ts'

const event = 'http://schemas.openid.net/event/backchannel-logout'
const token = async (claims: object = {}): Promise<string> =>
  issuer.sign(
    {
      aud: 'web-app',
      sub: 'alice',
      sid: 's-1',
      iat: now,
      exp: now + 120,
      events: { [event]: {} },
      client_id: undefined,
      ...claims,
    },
    { typ: 'logout+jwt' },
  )

const warn = vi.fn()
const refused = vi.fn<(error: AuthError) => void>()
let entries: unknown[]
let reserved: [string, unknown][]
beforeEach(() => {
  warn.mockClear()
  refused.mockClear()
  entries = []
  reserved = []
})

/** A store that reserves everything, and notes it. */
const replay: ReplayStore = {
  reserve: async (key, expiresAt) => {
    reserved.push([key, expiresAt])
    return Promise.resolve(true)
  },
}
const replayWith = (reserve: () => unknown): ReplayStore => ({ reserve }) as unknown as ReplayStore

function make(
  options: Partial<BackChannelLogoutOptions> = {},
  changes: {
    add?: (entry: unknown) => Promise<void>
    from?: ReturnType<typeof trusted>
    revokes?: boolean
  } = {},
): LogoutHandler {
  const list: RevocationList = revocationList()
  const settings = logoutSettings(list, { clientId: 'web-app', by: 'session', replay, ...options })
  const from = changes.from ?? trusted()
  const add = (entry: unknown): Promise<void> => Promise.resolve(void entries.push(entry))
  return logoutHandler(
    { ...settings, list: { ...settings.list, add: changes.add ?? add } },
    {
      issuers: {
        find: (name: string) => (name === from.name ? from : undefined),
        configured: () => [from],
        prove: () => undefined,
      } as unknown as Issuers,
      clock: { wall: () => now, schedule: () => () => undefined } as unknown as Clock,
      now: () => now * 1000,
      refused: refused as unknown as LogoutParts['refused'],
      limitStores: (async (work: Promise<unknown>) => work) as unknown as Limited,
      warn,
      revokes: changes.revokes ?? true,
    },
  )
}

async function send(handler: LogoutHandler, of: string | Promise<string>): Promise<HttpResponse> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const body = new URLSearchParams({ logout_token: await of })
  const raw = new Request('https://api.test/logout', { method: 'POST', headers, body })
  return handler({ method: 'POST', url: '/logout', headers }, raw)
}

const entry = { kind: 'session', issuer: issuer.issuer, value: 's-1', issuedBefore: now }

describe('a logout token', () => {
  it('revokes its session, then is used up, and the response is empty', async () => {
    expect(await send(make(), token({ jti: 'j-1' }))).toEqual({
      status: 200,
      headers: { 'Cache-Control': 'no-store' },
      body: '',
    })
    expect(entries).toEqual([entry])
    expect(reserved).toEqual([[JSON.stringify(['logout', issuer.issuer, 'j-1']), now + 121]])
    expect(refused).not.toHaveBeenCalled()
  })

  it.each<[string, BackChannelLogoutOptions['by'], object, object]>([
    ['its user without sid', 'session', { sid: undefined }, { kind: 'subject', value: 'alice' }],
    ['its user alone', 'subject', {}, { kind: 'subject', value: 'alice' }],
    ['its session without sub', 'session', { sub: undefined }, {}],
    ['what was issued until its second', 'session', { iat: now - 0.5 }, { issuedBefore: now - 1 }],
  ])('revokes %s', async (_what, by, claims, changes) => {
    expect(await send(make({ by }), token(claims))).toMatchObject({ status: 200 })
    expect(entries).toEqual([{ ...entry, ...changes }])
  })

  it('is 400 without sub where that is revoked, and nothing is', async () => {
    expect(await send(make({ by: 'subject' }), token({ sub: undefined }))).toMatchObject({ status: 400 })
    expect([entries, reserved]).toEqual([[], []])
    expect(refused.mock.calls[0]?.[0]).toHaveProperty('detail.claim', 'sub')
  })

  it('is 400 the second time, after its session was revoked again', async () => {
    const handler = make({ replay: replayWith(() => Promise.resolve(false)) })
    expect(await send(handler, token())).toEqual({
      status: 400,
      headers: { 'Cache-Control': 'no-store', 'Content-Type': 'application/json' },
      body: '{"error":"invalid_request","error_description":"The logout token is not acceptable"}',
    })
    expect(entries).toEqual([entry])
    const [error] = refused.mock.calls[0] as [AuthError]
    expect(error).toBeInstanceOf(InvalidRequestError)
    expect(error.detail).toMatchObject({ claim: 'jti', expected: 'used once' })
    expect(error.cause).toMatchObject({ reason: 'claim' })
  })

  it('is used once with a store of its own, where none is given', async () => {
    const handler = make({ replay: undefined })
    const one = await token({ jti: 'once' })
    expect([(await send(handler, one)).status, (await send(handler, one)).status]).toEqual([200, 400])
    expect((await send(handler, token({ jti: 'twice' }))).status).toBe(200)
    // By the clock of the resource server, whatever that of the system shows.
    let passed = performance.now()
    vi.spyOn(performance, 'now').mockImplementation(() => passed)
    vi.spyOn(Date, 'now').mockImplementation(() => (now + 1e8) * 1000 + passed)
    const late = await token({ jti: 'late' })
    expect((await send(handler, late)).status).toBe(200)
    passed += 1e6
    expect((await send(handler, late)).status).toBe(400)
    vi.restoreAllMocks()
  })

  it('is 400 when it is no good, and nothing is revoked', async () => {
    expect(await send(make(), token({ events: {} }))).toMatchObject({ status: 400 })
    expect([entries, reserved]).toEqual([[], []])
  })
})

describe('a store that fails', () => {
  it('is 503 for the list, and the token can be sent again', async () => {
    const handler = make({}, { add: () => Promise.reject(new UpstreamError(7)) })
    expect(await send(handler, token())).toMatchObject({
      status: 503,
      headers: { 'Cache-Control': 'no-store', 'Retry-After': '7' },
    })
    expect(reserved).toEqual([])
  })

  it.each<[string, () => unknown, number]>([
    ['rejects', () => Promise.reject(new Error('the secret')), 1],
    ['rejects with an error of ours', () => Promise.reject(new UpstreamError(9)), 9],
    ['has no boolean', () => Promise.resolve('OK'), 1],
    [
      'throws',
      () => {
        throw new Error('the secret')
      },
      1,
    ],
  ])('is 503 for the memory of used tokens that %s', async (_what, reserve, retryAfter) => {
    const response = await send(make({ replay: replayWith(reserve) }), token())
    expect(response).toMatchObject({ status: 503, headers: { 'Retry-After': String(retryAfter) } })
    expect(response.body).not.toContain('secret')
    expect(entries).toEqual([entry])
  })

  it('says what could not be found out', async () => {
    await send(make({ replay: replayWith(() => Promise.resolve(1)) }), token())
    expect(refused.mock.calls[0]?.[0]).toHaveProperty(
      'detail.hint',
      expect.stringContaining('whether the logout token was used before'),
    )
  })

  it('is 503 for the keys', async () => {
    const from = trusted(keysWith({ find: () => Promise.reject(new UpstreamError(1)) }))
    expect(await send(make({}, { from }), token())).toMatchObject({ status: 503 })
    expect(entries).toEqual([])
  })
})

it('passes an error of the application on, and reports no refusal', async () => {
  const bug = new RangeError('a bug')
  await expect(send(make({}, { add: () => Promise.reject(bug) }), token())).rejects.toBe(bug)
  expect(refused).not.toHaveBeenCalled()
})

it('responds as it would have, whatever a hook makes of the error', async () => {
  refused.mockImplementationOnce((error) => Object.assign(error, { status: 200 }))
  expect(await send(make(), token({ events: {} }))).toMatchObject({ status: 400 })
})

describe('the warning about sessions', () => {
  const code = 'OAUTH_LOGOUT_SESSIONS'

  it('comes once where nobody decided, and names the issuers without sid', () => {
    make({ by: undefined })
    expect(warn.mock.calls).toEqual([[expect.stringContaining(issuer.issuer), code]])
  })

  it.each<[string, BackChannelLogoutOptions['by'], readonly string[]]>([
    ['by session was written', 'session', []],
    ['by subject was written', 'subject', []],
    ['sid is required', undefined, ['sid']],
  ])('does not come where %s', (_what, by, requiredClaims) => {
    const from = trusted()
    make({ by }, { from: { ...from, rules: { ...from.rules, requiredClaims } } })
    expect(warn).not.toHaveBeenCalled()
  })
})

it('warns where the resource server itself checks no list', () => {
  make({}, { revokes: false })
  expect(warn.mock.calls).toEqual([
    [expect.stringContaining('no option revocation'), 'OAUTH_LOGOUT_UNCHECKED'],
  ])
})
