import { runInNewContext } from 'node:vm'
import { ForbiddenError } from 'oauth-resource-server'
import { describe, expect, it } from 'vitest'
import { asError } from '../../src/lib/as-error.ts'

describe('asError', () => {
  const branded = { [Symbol.for('oauth-resource-server.error')]: true }

  it.each([
    ['an error', new TypeError('x')],
    ['a refusal of ours', new ForbiddenError()],
    ['a refusal of the other build of the package', branded],
    ['an error of another realm', runInNewContext('new Error("x")') as unknown],
  ])('keeps %s as it is', (_title, thrown) => {
    expect(asError(thrown)).toBe(thrown)
  })

  it.each([undefined, null, 0, '', 'route', 'router', false, {}, { message: 'x' }])(
    'makes an error of %j, with the value as its cause',
    (thrown) => {
      const error = asError(thrown)
      expect(error).toBeInstanceOf(Error)
      expect(error.message).toBe('a guard or hook threw a value that is not an error')
      expect(error).toHaveProperty('cause', thrown)
    },
  )

  it('makes an error without cause of a value that cannot be read', () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    const error = asError(proxy)
    expect(error.message).toBe('a guard or hook threw a value that is not an error')
    expect(error).not.toHaveProperty('cause')
  })
})

describe('an error with a status of its own', () => {
  it.each([[{ status: 403 }], [{ status: 401 }], [{ statusCode: 403, expose: true }], [{ statusCode: 401 }]])(
    'that a framework would send as a refusal becomes the cause of another: %o',
    (members) => {
      const thrown = Object.assign(new Error('GET https://internal.test/?key=secret'), members)
      const error = asError(thrown)
      expect(error).not.toBe(thrown)
      expect(error.cause).toBe(thrown)
      expect(error.message).toBe(
        'a guard or hook threw an error with the status of a refusal that is no AuthError; to refuse, throw an AuthError',
      )
      expect(error).not.toHaveProperty('status')
    },
  )

  it.each([[{ status: 404 }], [{ status: 500 }], [{ statusCode: 503 }], [{ status: '403' }], [{}]])(
    'that is no refusal stays as it is: %o',
    (members) => {
      const thrown = Object.assign(new Error('x'), members)
      expect(asError(thrown)).toBe(thrown)
    },
  )

  it('stays as it is where it is an AuthError', () => {
    const refusal = new ForbiddenError()
    expect(asError(refusal)).toBe(refusal)
  })
})
