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

  it('can be changed where the other one is frozen', () => {
    const copy = errorOfState(stateOfError(Object.freeze(new InsufficientScopeError(['a']))))
    expect(Object.assign(copy, { status: 500, headers: {} }).status).toBe(500)
  })
})
