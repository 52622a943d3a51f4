import { createResourceServer, scope } from 'oauth-resource-server'
import { createTestIssuer, traceOf } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'

const issuer = await createTestIssuer({ algorithms: ['EdDSA'], issuer: 'https://issuer.test/' })
const api = createResourceServer(issuer.options)

/** Every step of a valid token, in the order they are decided. */
const everyStep = [
  'length',
  'form',
  'known algorithm',
  'foreign claims',
  'token use',
  'payload type',
  'claim types',
  'issuer',
  'algorithm',
  'type',
  'nonce',
  'audience',
  'required claims',
  'client',
  'times',
  'expiry',
  'unit of exp',
  'not before',
  'issued at',
  'order of times',
  'age',
  'key',
  'signature',
  'scopes and roles',
  'sender',
  'revocation',
  'schema',
]

describe('the trace of a request', () => {
  it('has every check in order, all passed, for a valid token', async () => {
    const { steps, auth, error } = await traceOf(api, await issuer.sign())
    expect(steps.map(({ name }) => name)).toEqual(everyStep)
    expect(steps.every(({ ok }) => ok)).toBe(true)
    expect(auth).toMatchObject({ subject: 'user-1' })
    expect(error).toBeUndefined()
  })

  it('shows every check of a token that is remembered', async () => {
    const token = await issuer.sign()
    await api.verify(token)
    await api.verify(token)
    const { steps } = await traceOf(api, token)
    expect(steps.map(({ name }) => name)).toEqual(everyStep)
  })

  it.each<[string, object, object, string, object]>([
    [
      'another audience',
      { aud: 'https://other.test' },
      {},
      'audience',
      { claim: 'aud', actual: 'https://other.test' },
    ],
    [
      'another issuer',
      { iss: 'https://issuer.test' },
      {},
      'issuer',
      { claim: 'iss', actual: 'https://issuer.test' },
    ],
    ['an end in the past', { exp: 1, iat: undefined }, {}, 'expiry', { claim: 'exp', actual: 1 }],
    ['a type of its own', {}, { typ: 'logout+jwt' }, 'type', { claim: 'typ', actual: 'logout+jwt' }],
    ['an unknown key', {}, { kid: 'other' }, 'key', { claim: 'kid', actual: 'other' }],
    ['a bound key', { cnf: { jkt: 'x' } }, {}, 'sender', { claim: 'cnf' }],
  ])('ends with the check that failed, with its facts: %s', async (_what, claims, header, name, facts) => {
    const { steps, auth, error } = await traceOf(api, await issuer.sign({ ...claims }, { ...header }))
    expect(steps.at(-1)).toMatchObject({ name, ok: false, ...facts })
    expect(steps.slice(0, -1).every(({ ok }) => ok)).toBe(true)
    expect(auth).toBeUndefined()
    expect((error as { detail: object }).detail).toMatchObject(facts)
  })

  it('goes on to the guards, with the scopes they asked for', async () => {
    const { steps, error } = await traceOf(
      api,
      await issuer.sign({ scope: 'read' }),
      scope('read'),
      scope('write'),
    )
    expect(steps.slice(-2)).toMatchObject([
      { name: 'guard', ok: true },
      { name: 'guard', ok: false, expected: ['write'], actual: ['read'] },
    ])
    expect(error).toMatchObject({ status: 403 })
  })

  it('never has the token, nor the value of a claim that is not on the list', async () => {
    const strict = createResourceServer({ ...issuer.options, schema: z.object({ ssn: z.literal('none') }) })
    const token = await issuer.sign({ ssn: 'canary-claim', sub: 'canary-subject' })
    const { steps } = await traceOf(strict, token)
    const text = JSON.stringify(steps)
    expect(text).not.toContain(token)
    expect(text).not.toContain('canary')
  })

  it('decides as the request itself is decided', async () => {
    const refused = await issuer.sign({ aud: 'https://other.test' })
    const { error } = await traceOf(api, { headers: { authorization: `Bearer ${refused}` } })
    await expect(api.verify(refused)).rejects.toMatchObject({ reason: (error as { reason: string }).reason })
  })

  it('needs a resource server', async () => {
    await expect(traceOf({}, 'a.b.c')).rejects.toThrow(/createResourceServer/)
  })
})
