import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'
import { FetchError } from '../../src/issuer/fetch-error.ts'
import {
  type ActiveAnswer,
  type AnswerReader,
  plainAnswer,
  type SignedAnswerOptions,
  signedAnswer,
} from '../../src/issuer/introspection-answer.ts'
import type { KeySource } from '../../src/issuer/key-source.ts'
import { UpstreamError } from '../../src/errors.ts'
import type { VerificationKey } from '../../src/jose/jwk.ts'
import { keysWith } from '../token/stages.ts'
import { issuer, now } from '../token/verdict.ts'

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

/** What a reader makes of a response: the answer, `undefined` for an inactive token, or why it cannot be used. */
async function read(
  reader: AnswerReader,
  body: string | Uint8Array,
  type?: string,
): Promise<ActiveAnswer | undefined | string> {
  const headers = new Headers(type === undefined ? {} : { 'content-type': type })
  const bytes = typeof body === 'string' ? bytesOf(body) : body
  try {
    return await reader({ bytes, headers })
  } catch (error) {
    if (!(error instanceof FetchError)) throw error
    expect([error.status, error.cause]).toEqual([200, undefined])
    return error.message.replace('the answer cannot be used: ', '')
  }
}

describe('a plain answer', () => {
  const plain = async (body: string | Uint8Array, type = 'application/json') => read(plainAnswer, body, type)

  it('is active with every member, frozen all the way down', async () => {
    const text = '{"active":true,"sub":"a","cnf":{"jkt":"b"}}'
    const answer = await plain(text)
    expect(answer).toMatchObject({
      claims: { active: true, sub: 'a', cnf: { jkt: 'b' } },
      bytes: text.length,
    })
    const { claims } = answer as ActiveAnswer
    expect([Object.isFrozen(claims), Object.isFrozen(claims['cnf'])]).toEqual([true, true])
  })

  it.each([
    '{"active":false}',
    '{}',
    '{"active":"true"}',
    '{"active":1}',
    '{"active":null}',
    '{"active":[true]}',
  ])('is inactive where it is %s', async (body) => expect(await plain(body)).toBeUndefined())

  it('is inactive where active is inherited alone', async () => {
    expect(await plain('{"constructor":{"active":true}}')).toBeUndefined()
  })

  it.each(['application/json', 'APPLICATION/JSON', ' application/json ; charset=utf-8'])(
    'may be %j',
    async (type) => expect(await plain('{"active":true}', type)).toMatchObject({ claims: { active: true } }),
  )

  it.each([
    undefined,
    '',
    'text/json',
    'application/jsonp',
    'application/token-introspection+jwt',
    'x, application/json',
  ])('cannot be used as %j', async (type) =>
    expect(await read(plainAnswer, '{"active":true}', type)).toBe('it is not application/json'),
  )

  it.each<[string, string | Uint8Array]>([
    ['no JSON', 'active'],
    ['a list', '[{"active":true}]'],
    ['null', 'null'],
    ['empty', ''],
    ['one that says it twice', '{"active":false,"active":true}'],
    ['one with a byte order mark', '\ufeff{"active":true}'],
    ['no UTF-8', Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d)],
  ])('cannot be used where it is %s', async (_what, body) => {
    expect(await plain(body)).toBe('it is not a JSON object')
  })
})

describe('a signed answer', () => {
  const type = 'application/token-introspection+jwt'
  const usual: SignedAnswerOptions = {
    issuer: issuer.issuer,
    clientId: 'api-1',
    algorithms: ['ES256'],
    keys: keysWith(),
    now: () => now,
    clockTolerance: 5,
  }
  const token = async (claims: object = {}, header: object = {}, by = issuer): Promise<string> =>
    by.sign(
      {
        iss: issuer.issuer,
        aud: 'api-1',
        iat: now,
        token_introspection: { active: true, sub: 'inner' },
        sub: 'outer',
        ...claims,
      },
      { typ: 'token-introspection+jwt', ...header },
    )
  const signed = async (
    body: string | Promise<string>,
    options: Partial<SignedAnswerOptions> = {},
    as = type,
  ) => read(signedAnswer({ ...usual, ...options }), await body, as)

  it('is active with the members of token_introspection alone', async () => {
    const text = await token()
    expect(await signed(text)).toMatchObject({
      claims: { active: true, sub: 'inner' },
      bytes: text.length,
    })
    expect((await signed(text)) as ActiveAnswer).not.toHaveProperty('claims.iss')
  })

  it('is inactive where token_introspection says so, whatever stands beside it', async () => {
    const inner = { active: false }
    expect(await signed(token({ token_introspection: inner, active: true }))).toBeUndefined()
  })

  it.each([
    ['among others in aud', { aud: ['other', 'api-1'] }, {}],
    ['with a whole media type', {}, { typ: 'application/token-introspection+jwt' }],
    ['60 s old, and the tolerance', { iat: now - 65 }, {}],
    ['ahead by the tolerance', { iat: now + 5 }, {}],
    ['without exp', { exp: undefined }, {}],
    ['over by less than the tolerance', { exp: now - 4.9 }, {}],
    ['not before a moment within the tolerance', { nbf: now + 5 }, {}],
  ])('may be %s', async (_what, claims, header) => {
    expect(await signed(token(claims, header))).toMatchObject({ claims: { sub: 'inner' } })
  })

  it.each<[string, object, object]>([
    ['its typ is not token-introspection+jwt', {}, { typ: 'at+jwt' }],
    ['its typ is not token-introspection+jwt', {}, { typ: undefined }],
    ['its iss is not the issuer', { iss: 'https://other.test/' }, {}],
    ['its iss is not the issuer', { iss: undefined }, {}],
    ['its aud is not introspection.clientId', { aud: 'other' }, {}],
    ['its aud is not introspection.clientId', { aud: ['other'] }, {}],
    ['its aud is not introspection.clientId', { aud: undefined }, {}],
    ['its iat is missing, old or ahead of this clock', { iat: now - 66 }, {}],
    ['its iat is missing, old or ahead of this clock', { iat: now + 6 }, {}],
    ['its iat is missing, old or ahead of this clock', { iat: undefined }, {}],
    ['its iat is missing, old or ahead of this clock', { iat: String(now) }, {}],
    ['its exp is reached, or its nbf is not', { exp: now - 5 }, {}],
    ['its exp is reached, or its nbf is not', { exp: String(now + 60) }, {}],
    ['its exp is reached, or its nbf is not', { nbf: now + 6 }, {}],
    ['its exp is reached, or its nbf is not', { nbf: null }, {}],
    ['it has no token_introspection', { token_introspection: undefined }, {}],
    ['it has no token_introspection', { token_introspection: null }, {}],
    ['it has no token_introspection', { token_introspection: [{ active: true }] }, {}],
    ['it has no token_introspection', { token_introspection: 'active' }, {}],
  ])('cannot be used: %s (%j, %j)', async (message, claims, header) => {
    expect(await signed(token(claims, header))).toBe(message)
  })

  it('cannot be used under an algorithm that is not allowed, or is none', async () => {
    expect(await signed(token(), { algorithms: ['RS256'] })).toBe('its algorithm is not one of algorithms')
    const [, payload = ''] = (await token()).split('.')
    const none = Buffer.from('{"alg":"none","typ":"token-introspection+jwt"}').toString('base64url')
    expect(await signed(`${none}.${payload}.AA`)).toBe('its algorithm is not one of algorithms')
  })

  it.each(['{"active":true}', 'a.b', '', '\ufeffa.b.c'])('cannot be used where it is %j', async (body) => {
    expect(await signed(body)).toBe('it is not a signed JWT')
  })

  it('cannot be used as plain JSON, or under its media type', async () => {
    expect(await signed('{"active":true}', {}, 'application/json')).toBe(`it is not ${type}`)
    expect(await signed(token(), {}, 'application/jwt')).toBe(`it is not ${type}`)
  })

  it('is verified with the next key where the first did not sign it, and with no more than these', async () => {
    const other = await createTestIssuer({ issuer: issuer.issuer, algorithms: ['ES256'] })
    const forged = await token({}, {}, other)
    expect(await signed(forged)).toBe('its signature is wrong')
    const asked: unknown[] = []
    const wrong = { key: (await keysOf(other)).key } as VerificationKey
    const right = await usual.keys.find({ alg: 'ES256' })
    const keys = keysWith({
      find: () => wrong,
      afterBadSignature: (_header, key) => {
        asked.push(key)
        return key === wrong ? right : undefined
      },
    })
    expect(await signed(token(), { keys })).toMatchObject({ claims: { sub: 'inner' } })
    expect(asked).toEqual([wrong])
    expect(await signed(token({}, {}, await createTestIssuer({ algorithms: ['ES256'] })), { keys })).toBe(
      'its signature is wrong',
    )
    expect(asked).toEqual([wrong, wrong, right])
  })

  it('cannot be used while there is no key', async () => {
    const find: KeySource['find'] = () => Promise.reject(new UpstreamError(1))
    expect(await signed(token(), { keys: keysWith({ find }) })).toBe('there is no key to verify it with')
  })
})

async function keysOf({ jwks }: { jwks: { keys: readonly object[] } }): Promise<VerificationKey> {
  const { importKeySet } = await import('../../src/jose/key-set.ts')
  return (await importKeySet(jwks, ['ES256'], 10)).keys[0] as VerificationKey
}
