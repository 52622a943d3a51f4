import { beforeEach, describe, expect, it, vi } from 'vitest'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { InvalidTokenError, UpstreamError } from '../../src/errors.ts'
import type { Issuers } from '../../src/issuer/issuers.ts'
import type { TrustedIssuer } from '../../src/issuer/trusted-issuer.ts'
import { type LogoutToken, logoutVerifier } from '../../src/token/logout-token.ts'
import { issuerOf } from '../../src/token/of-issuer.ts'
import { parts } from '../support/tokens.ts'
import { keysWith, trusted } from './stages.ts'
import { issuer, now } from './verdict.ts'

const event = 'http://schemas.openid.net/event/backchannel-logout'
let time: number
let known: TrustedIssuer
const prove = vi.fn()
beforeEach(() => {
  time = now
  known = trusted()
  prove.mockClear()
})

const verify = async (token: string): Promise<LogoutToken> =>
  logoutVerifier({
    issuers: {
      find: (name: string) => (name === known.name ? known : undefined),
      configured: () => [known],
      prove,
    } as unknown as Issuers,
    clock: { wall: () => time },
    clientId: 'web-app',
  })(token)

const token = async (claims: object = {}, header: object = {}, by = issuer): Promise<string> =>
  by.sign(
    {
      iss: issuer.issuer,
      aud: 'web-app',
      sub: 'alice',
      sid: 's-1',
      jti: 'j-1',
      iat: now,
      exp: now + 120,
      events: { [event]: {} },
      client_id: undefined,
      ...claims,
    },
    { typ: 'logout+jwt', ...header },
  )

/** The reason of the refusal, and what it is about. */
async function refusal(of: string | Promise<string>): Promise<unknown> {
  const error: unknown = await verify(await of).catch((it: unknown) => it)
  if (!(error instanceof InvalidTokenError)) return error
  return `${error.reason} ${error.detail.claim ?? ''}`
}

describe('a logout token', () => {
  it('names the session, the user, its issuer, itself, and how long it can be used', async () => {
    expect(await verify(await token())).toEqual({
      issuer: issuer.issuer,
      session: 's-1',
      subject: 'alice',
      jti: 'j-1',
      issuedAt: now,
      usableUntil: now + 120,
    })
    expect(prove).toHaveBeenCalledExactlyOnceWith(known)
  })

  it('can be used for 300 s at most, and the tolerance', async () => {
    known = { ...known, rules: { ...known.rules, clockTolerance: 7 } }
    expect(await verify(await token({ exp: now + 3600 }))).toMatchObject({ usableUntil: now + 307 })
    expect(await verify(await token({ exp: now + 100 }))).toMatchObject({ usableUntil: now + 107 })
  })

  it.each([
    ['a session alone', { sub: undefined }, {}],
    ['a user alone', { sid: undefined }, {}],
    ['the type JWT', {}, { typ: 'JWT' }],
    ['a whole media type', {}, { typ: 'application/logout+jwt' }],
    ['no type', {}, { typ: undefined }],
    ['the mark of Keycloak', { typ: 'Logout' }, {}],
    ['several audiences', { aud: ['other', 'web-app'] }, {}],
    ['another event beside it', { events: { other: {}, [event]: {} } }, {}],
    ['members in its event', { events: { [event]: { a: 1 } } }, {}],
    ['an age of 300 s', { iat: now - 300, exp: now + 1 }, {}],
  ])('may have %s', async (_what, claims, header) => {
    expect(await verify(await token(claims, header))).toMatchObject({ jti: 'j-1' })
  })

  it.each<[string, object, object]>([
    ['type typ', {}, { typ: 'at+jwt' }],
    ['type typ', { typ: 'ID' }, {}],
    ['type events', { events: undefined }, {}],
    ['type events', { events: [event] }, {}],
    ['type events', { events: { other: {} } }, {}],
    ['type events', { events: { [event]: true } }, {}],
    ['type events', { events: { [event]: [] } }, {}],
    ['type events', { events: { [event]: null } }, {}],
    ['type nonce', { nonce: 'n' }, {}],
    ['claim sid', { sid: '' }, {}],
    ['claim sid', { sid: 7 }, {}],
    ['claim sub', { sub: '' }, {}],
    ['claim sub', { sub: null }, {}],
    ['claim sub', { sub: undefined, sid: undefined }, {}],
    ['claim jti', { jti: undefined }, {}],
    ['claim jti', { jti: '' }, {}],
    ['audience aud', { aud: 'other' }, {}],
    ['audience aud', { aud: undefined }, {}],
    ['audience aud', { aud: ['other'] }, {}],
    ['audience aud', { aud: ['web-app', 7] }, {}],
    ['issuer iss', { iss: 'https://other.test/' }, {}],
    ['issuer iss', { iss: undefined }, {}],
    ['claim iat', { iat: undefined }, {}],
    ['too_old iat', { iat: now - 301 }, {}],
    ['not_yet_valid iat', { iat: now + 1 }, {}],
    ['claim exp', { exp: undefined }, {}],
    ['expired exp', { exp: now }, {}],
  ])('is refused: %s (%j, %j)', async (expected, claims, header) => {
    expect(await refusal(token(claims, header))).toBe(expected)
    expect(prove).not.toHaveBeenCalled()
  })

  it.each<[string, object]>([
    ['logout+jwt', { typ: 'x' }],
    ['Logout, or absent', { payload: { typ: 'ID' } }],
    [`an object with the object ${event}`, { payload: { events: {} } }],
    ['absent', { payload: { nonce: 'n' } }],
    ['a string that is not empty', { payload: { sid: '' } }],
    ['present', { payload: { jti: undefined } }],
    ['present, or sid', { payload: { sub: undefined, sid: undefined } }],
    ['web-app', { payload: { aud: 'other' } }],
  ])('tells what was expected: %s', async (expected, { payload = {}, ...header }: { payload?: object }) => {
    const error: unknown = await verify(await token(payload, header)).catch((it: unknown) => it)
    expect(error).toHaveProperty('detail.expected', expected)
  })

  it('tells which issuers are known, and which issuer it named', async () => {
    const error: unknown = await verify(await token({ iss: 'https://other.test/' })).catch(
      (it: unknown) => it,
    )
    expect(error).toHaveProperty('detail.expected', [issuer.issuer])
    expect(error).toHaveProperty('detail.actual', 'https://other.test/')
    const wrong: unknown = await verify(await token({ exp: now })).catch((it: unknown) => it)
    expect(issuerOf(wrong as object)).toBe(issuer.issuer)
  })

  it('is refused under an algorithm that its issuer may not use', async () => {
    known = { ...known, algorithms: ['RS256'] }
    expect(await refusal(token())).toBe('algorithm alg')
  })

  it('is refused with the signature of another key, with none, and with changed claims', async () => {
    const stranger = await createTestIssuer({ issuer: issuer.issuer, algorithms: ['ES256'] })
    expect(await refusal(token({}, {}, stranger))).toBe('signature kid')
    const [header, payload] = parts(await token())
    const [, , signature] = parts(await token({ jti: 'j-2' }))
    expect(await refusal(`${header}.${payload}.${signature}`)).toBe('signature kid')
    expect(await refusal(`${header}.${payload}.`)).toBe('malformed ')
    expect(prove).not.toHaveBeenCalled()
  })

  it('is 503 while the keys are not available', async () => {
    known = trusted(keysWith({ find: () => Promise.reject(new UpstreamError(1)) }))
    await expect(verify(await token())).rejects.toMatchObject({ status: 503 })
  })

  it('is refused when it expires while the keys are fetched', async () => {
    const { keys } = known
    known = trusted(
      keysWith({
        find: async (header) => {
          time = now + 120
          return keys.find(header)
        },
      }),
    )
    expect(await refusal(token())).toBe('expired exp')
  })
})
