import {
  claim,
  createResourceServer,
  InsufficientScopeError,
  InvalidTokenError,
  MissingTokenError,
  UpstreamError,
} from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'

const { options } = await createTestIssuer({ algorithms: ['EdDSA'] })
const api = createResourceServer(options)
const bodyOf = (error: Error): unknown => JSON.parse(api.refuse(error).body)

describe('a refusal', () => {
  it('says no more than its status where no error code is due (RFC 6750 §3.1)', () => {
    expect(bodyOf(new MissingTokenError())).toEqual({ message: 'Unauthorized' })
    expect(bodyOf(new UpstreamError(1))).toEqual({ message: 'Service Unavailable' })
  })

  it('says when to come back for an outage alone', () => {
    const late = Object.assign(new InvalidTokenError('expired'), { retryAfter: 7 })
    expect(api.refuse(late).headers).not.toHaveProperty('Retry-After')
    const odd = Object.assign(new UpstreamError(7), { retryAfter: 'soon' })
    expect(api.refuse(odd).headers).not.toHaveProperty('Retry-After')
    expect(api.refuse(new UpstreamError(7)).headers['Retry-After']).toBe('7')
  })

  it('has no challenge from 500 up', () => {
    const failed = Object.assign(new MissingTokenError(), { status: 500 })
    expect(api.refuse(failed).headers).not.toHaveProperty('WWW-Authenticate')
  })

  it('replaces each character a challenge cannot hold by an apostrophe', () => {
    const { headers } = api.refuse(new InsufficientScopeError(['a"b\\c\né']))
    expect(headers['WWW-Authenticate']).toContain(`scope="a'b'c''"`)
  })

  it.each(['', undefined, null, 1, {}])('calls %j in place of a token malformed', async (token) => {
    await expect(api.verify(token as string)).rejects.toMatchObject({ reason: 'malformed' })
  })
})

describe('claim()', () => {
  it.each([[['x', {}]], [[undefined, 'x']], [[[]]], [{}], [undefined], [[]]])('expects no %j', (expected) => {
    expect(() => claim('a', expected as never)).toThrow(/^claim: say which value is expected/)
  })

  it.each(['x', 1, true, null])('expects the value %j', (expected) => {
    expect(claim('a', expected)({ claims: { a: expected } } as never, undefined)).toBe(true)
  })
})
