import { createResourceServer, revocationList } from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'

const issuer = await createTestIssuer({ algorithms: ['EdDSA'] })
const isRevoked = (): boolean => false

function make(revocation: unknown): unknown {
  return createResourceServer({ ...issuer.options, revocation: revocation as never })
}

describe('the revocation option', () => {
  it.each<[string, unknown]>([
    ['a list', revocationList()],
    ['an object with isRevoked', { isRevoked }],
    ['its numbers', { isRevoked, timeoutMs: 10, onUnavailable: 'allow' }],
    ['undefined', undefined],
  ])('takes %s', (_what, revocation) => {
    expect(() => make(revocation)).not.toThrow()
  })

  it.each<[string, unknown, RegExp]>([
    ['null', null, /^revocation: must be a plain object/],
    ['the function that makes a list', revocationList, /^revocation: must be a plain object/],
    ['an object without isRevoked', {}, /^revocation: pass revocationList\(\), or an object with/],
    ['isRevoked that is no function', { isRevoked: true }, /^revocation.isRevoked: must be a function/],
    ['a timeout below 10 ms', { isRevoked, timeoutMs: 1 }, /^revocation.timeoutMs: must be a number/],
    ['another word', { isRevoked, onUnavailable: 'ignore' }, /^revocation.onUnavailable: must be 'refuse'/],
    ['an unknown member', { isRevoked, timeout: 5 }, /unknown option timeout/],
    [
      'a list of another release',
      Object.defineProperty({}, Symbol.for('oauth-resource-server.revocation-list'), {
        value: { protocol: 0 },
      }),
      /another release/,
    ],
  ])('refuses %s', (_what, revocation, message) => {
    expect(() => make(revocation)).toThrow(TypeError)
    expect(() => make(revocation)).toThrow(message)
  })
})

describe('the options of a list', () => {
  it.each<[string, object, RegExp]>([
    ['tokenLifetime', { tokenLifetime: 59 }, /^revocationList.tokenLifetime: must be a number from 60/],
    ['max', { max: 0 }, /^revocationList.max: must be a number from 1/],
    ['onUnavailable', { onUnavailable: 'pass' }, /^revocationList.onUnavailable: must be/],
    ['requireJti', { requireJti: 'yes' }, /^revocationList.requireJti: must be true or false/],
    ['now', { now: 5 }, /^revocationList.now: must be a function/],
    ['an unknown name', { prefix: 'x' }, /^revocationList: unknown option prefix/],
  ])('are checked: %s', (_name, options, message) => {
    expect(() => revocationList(options)).toThrow(TypeError)
    expect(() => revocationList(options)).toThrow(message)
  })
})
