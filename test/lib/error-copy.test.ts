import { types } from 'node:util'
import { InsufficientScopeError, isAuthError } from 'oauth-resource-server'
import { describe, expect, it } from 'vitest'
import { errorOfState, stateOfError } from '../../src/lib/error-copy.ts'

describe('an error that is made like another one was', () => {
  it('has its members and its class, whatever was done to it since', () => {
    const cause = new Error('behind it')
    const error = new InsufficientScopeError(['a', 'b'], { cause, detail: { claim: 'scope' } })
    const { stack } = error
    const state = stateOfError(error)
    ;(error.scopes as string[]).push('c')
    Object.assign(error, { status: 200, message: 'changed' })
    Object.setPrototypeOf(error, null)
    const copy = errorOfState(state)
    expect(copy).toMatchObject({
      status: 403,
      statusCode: 403,
      code: 'insufficient_scope',
      scopes: ['a', 'b'],
    })
    expect([copy.message, copy.detail, copy.cause, copy.stack]).toEqual([
      'The scopes of the access token are not enough for this request',
      { claim: 'scope' },
      cause,
      stack,
    ])
    expect(isAuthError(copy) && copy instanceof InsufficientScopeError && types.isNativeError(copy)).toBe(
      true,
    )
    expect(Object.keys(copy)).toEqual(Object.keys(new InsufficientScopeError([])))
  })

  it('has its accessors, and lists that nobody can change', () => {
    const error = new InsufficientScopeError(['a'])
    let reads = 0
    Object.defineProperty(error, 'late', { get: () => (reads += 1), configurable: true })
    const copy = errorOfState(stateOfError(error)) as InsufficientScopeError & { late: number }
    expect(reads).toBe(0)
    expect([copy.late, Object.isFrozen(copy.scopes), copy.scopes === error.scopes]).toEqual([1, true, false])
    expect(Object.isFrozen(copy.detail)).toBe(Object.isFrozen(error.detail))
  })

  it('has the stack of that one, which is read when somebody asks', () => {
    const error = new Error('x')
    let reads = 0
    Object.defineProperty(error, 'stack', { get: () => `read ${(reads += 1)}`, configurable: true })
    const copy = errorOfState(stateOfError(error))
    expect(reads).toBe(0)
    expect(copy.stack).toBe('read 1')
    Object.defineProperty(copy, 'stack', { value: 'mine' })
    expect(copy.stack).toBe('mine')
  })

  it('leaves the stack of that one unwritten until somebody asks', () => {
    const before = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace')
    let writes = 0
    Error.prepareStackTrace = () => `written ${(writes += 1)}`
    try {
      const copy = errorOfState(stateOfError(new Error('x')))
      expect(writes).toBe(0)
      expect(copy.stack).toBe('written 1')
    } finally {
      Reflect.deleteProperty(Error, 'prepareStackTrace')
      if (before !== undefined) Object.defineProperty(Error, 'prepareStackTrace', before)
    }
  })

  it('can be changed where the other one is frozen', () => {
    const copy = errorOfState(stateOfError(Object.freeze(new InsufficientScopeError(['a']))))
    expect(Object.assign(copy, { status: 500, headers: {} }).status).toBe(500)
    expect(Reflect.deleteProperty(copy, 'scopes')).toBe(true)
  })
})
