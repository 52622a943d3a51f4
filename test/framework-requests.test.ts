import { describe, expect, it, vi } from 'vitest'
import { rawForAuth, rawIn, requireRequest } from '../src/framework-requests.ts'

const raw = {}
const wrapped = { raw: raw as unknown }
const rawOf = (request: { readonly raw: unknown }): object => request.raw as object

describe('the raw request', () => {
  it('is found in the request of the framework', () => {
    expect(rawIn(wrapped, rawOf)).toBe(raw)
    expect(rawForAuth(wrapped, rawOf)).toBe(raw)
    expect(() => requireRequest(wrapped, rawOf)).not.toThrow()
  })

  it.each([undefined, null])('is not looked for in %s', (request) => {
    const never = vi.fn(rawOf)
    expect(rawIn(request as never, never)).toBeUndefined()
    expect(never).not.toHaveBeenCalled()
  })

  it.each([undefined, null, {}, { raw: null }, { raw: 'text' }, { raw: () => raw }])(
    'is missing in %o, which is a mistake',
    (request) => {
      expect(rawIn(request as never, rawOf)).toBeUndefined()
      expect(() => requireRequest(request, rawOf)).toThrow(
        new TypeError(
          'verifyJwt: called without a request of its framework; import it from the subpath of the framework in use, such as oauth-resource-server/express',
        ),
      )
      expect(() => rawForAuth(request as never, rawOf)).toThrow(
        new TypeError('getAuth: pass the request that the handler got; on Koa it is ctx'),
      )
    },
  )
})
