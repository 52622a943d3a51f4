import { describe, expect, it } from 'vitest'
import { AuthError, isAuthError, type RefusalOptions } from '../src/auth-error.ts'

class Refusal extends AuthError {
  readonly status: number
  readonly code = undefined
  readonly reason = 'forbidden'

  constructor(status: number, options?: RefusalOptions) {
    super('Not today', options)
    this.status = status
  }
}

describe('a refusal', () => {
  it('has its sentence, and an empty detail unless facts are given', () => {
    const error = new Refusal(403)
    expect([error.message, error.detail]).toEqual(['Not today', {}])
    expect(Object.keys(error)).not.toContain('detail')
  })

  it('has its cause', () => {
    const cause = new Error('behind it')
    expect(new Refusal(403, { cause }).cause).toBe(cause)
    expect(Object.hasOwn(new Refusal(403), 'cause')).toBe(false)
  })

  it('reduces its facts to what may be shown, those of a function when they are read first', () => {
    const facts = { claim: 'sub', actual: 'alice' }
    let calls = 0
    const later = new Refusal(403, { detail: () => ({ ...facts, hint: `call ${(calls += 1)}` }) })
    expect(new Refusal(403, { detail: facts }).detail).toEqual({ claim: 'sub', actual: 'string' })
    expect(calls).toBe(0)
    expect([later.detail, later.detail]).toEqual(
      Array(2).fill({ claim: 'sub', actual: 'string', hint: 'call 1' }),
    )
  })

  it.each([
    [400, true],
    [499, true],
    [500, false],
    [503, false],
  ])('with status %d tells frameworks its status, and may be shown: %s', (status, expose) => {
    const error = new Refusal(status)
    expect([error.statusCode, error.expose]).toEqual([status, expose])
  })
})

describe('isAuthError()', () => {
  const brand = Symbol.for('oauth-resource-server.error')

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['a text', 'text'],
    ['a number', 401],
    ['an object', {}],
    ['another error', new Error('x')],
    ['an error with the name and status of one', { name: 'MissingTokenError', status: 401 }],
    ['a function with the brand', Object.assign(() => undefined, { [brand]: true })],
    ['an error whose brand is another value', { [brand]: 1 }],
  ])('is false for %s', (_what, value) => {
    expect(isAuthError(value)).toBe(false)
  })

  it('is true for a refusal, and for one of the other build, which shares the registered brand alone', () => {
    class OtherError extends Error {}
    Object.defineProperty(OtherError.prototype, brand, { value: true })
    expect([new Refusal(403), new OtherError()].map(isAuthError)).toEqual([true, true])
  })
})
