import { InvalidTokenError } from 'oauth-resource-server'
import { describe, expect, it } from 'vitest'
import type { Presented } from '../../src/http/finder.ts'
import { confirmation, type ConfirmationMethod } from '../../src/caller/confirmation.ts'
import type { VerifiedToken } from '../../src/token/verified-token.ts'

const token = (claims: { readonly cnf?: unknown }): VerifiedToken =>
  ({ claims, confirmation: claims.cnf }) as unknown as VerifiedToken
const presented = (scheme: 'Bearer' | 'DPoP' = 'Bearer'): Presented => ({
  scheme,
  token: 'a.b.c',
  place: 'header',
  request: undefined,
})

/** A method that confirms one value of its member, at once or later, and asks for a header. */
function method(member: string, accepted: unknown, later = false): ConfirmationMethod {
  return {
    member,
    confirm(value) {
      const headers = { [`X-${member}`]: 'confirmed' }
      if (value !== accepted) {
        const error = new InvalidTokenError('binding')
        if (later) return Promise.reject(error)
        throw error
      }
      return later ? Promise.resolve({ headers }) : { headers }
    },
  }
}

async function outcome(
  methods: readonly ConfirmationMethod[],
  claims: object,
  scheme?: 'Bearer' | 'DPoP',
): Promise<unknown> {
  try {
    const confirmed = await confirmation(methods)(token(claims), presented(scheme))
    return confirmed && { headers: confirmed.headers }
  } catch (error) {
    return (error as InvalidTokenError).reason
  }
}

describe('a token without cnf', () => {
  it('is accepted as a Bearer token, with any methods', async () => {
    expect(await outcome([], {})).toBeUndefined()
    expect(await outcome([method('jkt', 'k')], {})).toBeUndefined()
  })

  it('is refused under a scheme that promises a proof (RFC 9449 §7.1)', async () => {
    expect(await outcome([method('jkt', 'k')], {}, 'DPoP')).toBe('binding')
  })
})

describe('a token with cnf', () => {
  it.each([[{}], [{ jkt: 'k' }], [{ 'x5t#S256': 't' }], [{ kid: 'x' }]])(
    'is refused where no method is set up (%o)',
    async (cnf) => {
      expect(await outcome([], { cnf })).toBe('binding')
    },
  )

  it.each([
    ['at once', false],
    ['later', true],
  ])('is accepted when its member is confirmed %s', async (_when, later) => {
    expect(await outcome([method('jkt', 'k', later)], { cnf: { jkt: 'k' } })).toEqual({
      headers: { 'X-jkt': 'confirmed' },
    })
    expect(await outcome([method('jkt', 'k', later)], { cnf: { jkt: 'other' } })).toBe('binding')
  })

  it('is refused without any member that can be confirmed', async () => {
    expect(await outcome([method('jkt', 'k')], { cnf: {} })).toBe('binding')
    expect(await outcome([method('jkt', 'k')], { cnf: { kid: 'k' } })).toBe('binding')
    expect(await outcome([method('jkt', 'k')], { cnf: Object.create({ jkt: 'k' }) as object })).toBe(
      'binding',
    )
  })

  it('is accepted with unknown members together with a confirmed one (RFC 7800 §3.1)', async () => {
    expect(await outcome([method('jkt', 'k')], { cnf: { jkt: 'k', kid: 'x' } })).toEqual({
      headers: { 'X-jkt': 'confirmed' },
    })
  })

  it('is refused when one of two bindings has no method', async () => {
    const cnf = { jkt: 'k', 'x5t#S256': 't' }
    expect(await outcome([method('jkt', 'k')], { cnf })).toBe('binding')
    expect(await outcome([method('x5t#S256', 't')], { cnf })).toBe('binding')
  })

  it.each([
    ['k', 't', false, { headers: { 'X-jkt': 'confirmed', 'X-x5t#S256': 'confirmed' } }],
    ['k', 't', true, { headers: { 'X-jkt': 'confirmed', 'X-x5t#S256': 'confirmed' } }],
    ['k', 'wrong', false, 'binding'],
    ['k', 'wrong', true, 'binding'],
    ['wrong', 't', false, 'binding'],
    ['wrong', 't', true, 'binding'],
    ['wrong', 'wrong', true, 'binding'],
  ])(
    'needs both bindings confirmed where it has both (%s, %s, later: %s)',
    async (jkt, thumbprint, later, expected) => {
      const methods = [method('jkt', 'k', later), method('x5t#S256', 't', later)]
      expect(await outcome(methods, { cnf: { jkt, 'x5t#S256': thumbprint } })).toEqual(expected)
    },
  )
})

describe('what runs lastly', () => {
  it('is the last step of both methods, in order', async () => {
    const ran: string[] = []
    const methods = ['jkt', 'x5t#S256'].map((member): ConfirmationMethod => ({
      member,
      confirm: () => ({ lastly: () => void ran.push(member) }),
    }))
    const cnf = { jkt: 'k', 'x5t#S256': 't' }
    const confirmed = await confirmation(methods)(token({ cnf }), presented())
    expect(ran).toEqual([])
    await confirmed?.lastly?.()
    expect(ran).toEqual(['jkt', 'x5t#S256'])
  })

  it.each([
    ['jkt', 'x5t#S256', undefined],
    ['x5t#S256', 'jkt', undefined],
    ['jkt', 'x5t#S256', { headers: {} }],
    ['x5t#S256', 'jkt', { headers: {} }],
  ])('is that of %s where %s has none (%o)', async (member, other, without) => {
    const ran: string[] = []
    const methods = [
      { member, confirm: () => ({ headers: { A: '1' }, lastly: () => void ran.push(member) }) },
      { member: other, confirm: () => without },
    ]
    const confirmed = await confirmation(methods)(token({ cnf: { jkt: 'k', 'x5t#S256': 't' } }), presented())
    expect(confirmed?.headers).toEqual({ A: '1' })
    await confirmed?.lastly?.()
    expect(ran).toEqual([member])
  })
})

describe('a binding that is required', () => {
  const required = { ...method('jkt', 'k'), required: true }
  const hintOf = (run: () => unknown): unknown => {
    try {
      return run()
    } catch (error) {
      return (error as InvalidTokenError).detail
    }
  }

  it('is required of every token', async () => {
    expect(await outcome([required], {})).toBe('binding')
    expect(await outcome([required], { cnf: { jkt: 'k' } })).toEqual({ headers: { 'X-jkt': 'confirmed' } })
    const another = [required, method('x5t#S256', 't')]
    expect(await outcome(another, { cnf: { 'x5t#S256': 't' } })).toBe('binding')
  })

  it('may be any, where tokens that are bound to nothing are refused', async () => {
    const sender = confirmation([method('jkt', 'k'), method('x5t#S256', 't')], { boundOnly: true })
    expect(hintOf(() => sender(token({}), presented()))).toEqual({
      claim: 'cnf',
      hint: expect.stringMatching(/^only tokens that are bound to the key of the client/) as string,
    })
    expect(await sender(token({ cnf: { 'x5t#S256': 't' } }), presented())).toBeDefined()
    expect(await sender(token({ cnf: { jkt: 'k' } }), presented())).toBeDefined()
  })

  const notSetUp = (to: string, option: string): string =>
    `the token is bound to a ${to}, and this resource server is not set up to check that: set ${option}`
  it.each([
    ['Bearer', { cnf: { jkt: 'k' } }, [], 'jkt', notSetUp('key', 'dpop')],
    ['Bearer', { cnf: { 'x5t#S256': 't' } }, [], 'x5t#S256', notSetUp('certificate', 'mtls')],
    [
      'DPoP',
      {},
      [],
      'jkt',
      'the token came under the scheme DPoP and is not bound to a key: the client must send it as a Bearer token, or get a bound one',
    ],
    ['Bearer', { cnf: {} }, [], undefined, 'the token is bound in a way that is not known here'],
    [
      'Bearer',
      {},
      [required],
      'jkt',
      'only tokens that are bound to the key of the client are accepted: the client must get one with a DPoP proof, or a certificate',
    ],
  ] as const)('%s %o: says what to do', (scheme, claims, methods, expected, hint) => {
    expect(hintOf(() => confirmation(methods)(token(claims), presented(scheme)))).toEqual({
      claim: 'cnf',
      ...(expected === undefined ? {} : { expected }),
      hint,
    })
  })
})
