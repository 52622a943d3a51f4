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
    expect(error).toBeInstanceOf(Error)
    expect(error).not.toHaveProperty('cause')
  })
})
