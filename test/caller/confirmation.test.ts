import { InvalidTokenError } from 'oauth-resource-server'
import { describe, expect, it } from 'vitest'
import type { Presented } from '../../src/http/finder.ts'
import { confirmation, type ConfirmationMethod } from '../../src/caller/confirmation.ts'
import type { VerifiedToken } from '../../src/token/verified-token.ts'

const token = (claims: object): VerifiedToken => ({ claims }) as unknown as VerifiedToken
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
      return later ? Promise.resolve(headers) : headers
    },
  }
}

async function outcome(
  methods: readonly ConfirmationMethod[],
  claims: object,
  scheme?: 'Bearer' | 'DPoP',
): Promise<unknown> {
  try {
    return await confirmation(methods)(token(claims), presented(scheme))
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
      'X-jkt': 'confirmed',
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
      'X-jkt': 'confirmed',
    })
  })

  it('is refused when one of two bindings has no method', async () => {
    const cnf = { jkt: 'k', 'x5t#S256': 't' }
    expect(await outcome([method('jkt', 'k')], { cnf })).toBe('binding')
    expect(await outcome([method('x5t#S256', 't')], { cnf })).toBe('binding')
  })

  it.each([
    ['k', 't', false, { 'X-jkt': 'confirmed', 'X-x5t#S256': 'confirmed' }],
    ['k', 't', true, { 'X-jkt': 'confirmed', 'X-x5t#S256': 'confirmed' }],
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
