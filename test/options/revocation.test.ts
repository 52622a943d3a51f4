import { type Auth, createResourceServer, revocationList } from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'
import { optionsReader } from '../../src/options/reader.ts'
import { listOptionNames, listSettings, revocationSettings } from '../../src/options/revocation.ts'

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
    [
      'isRevoked that is no function',
      { isRevoked: true },
      /^revocation\.isRevoked: must be a function, for example \(auth\) => blocked\.has\(auth\.subject\)$/,
    ],
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

describe('the settings of a function', () => {
  it('have defaults, and call it as a method', () => {
    const hook = {
      isRevoked(this: unknown, auth: unknown): boolean {
        return this === hook && auth === caller
      },
    }
    const caller = {} as Auth
    const settings = revocationSettings(hook)
    expect(settings).toMatchObject({ from: 'function', timeoutMs: 250, onUnavailable: 'refuse' })
    expect(settings?.from === 'function' && settings.isRevoked(caller)).toBe(true)
  })
})

describe('the options of a list', () => {
  const read = (options: object) => listSettings(optionsReader(options, 'revocationList', listOptionNames))

  it('have defaults', () => {
    expect(read({})).toEqual({
      tokenLifetime: 86_400,
      max: 100_000,
      onUnavailable: 'refuse',
      requireJti: false,
      now: undefined,
    })
  })

  it('are taken', () => {
    const given = { tokenLifetime: 60, max: 1, onUnavailable: 'allow', requireJti: true, now: () => 0 }
    expect(read(given)).toEqual(given)
  })

  it.each<[string, object, RegExp]>([
    ['tokenLifetime', { tokenLifetime: 59 }, /^revocationList.tokenLifetime: must be a number from 60/],
    ['max', { max: 0 }, /^revocationList.max: must be a number from 1/],
    ['onUnavailable', { onUnavailable: 'pass' }, /^revocationList.onUnavailable: must be/],
    ['requireJti', { requireJti: 'yes' }, /^revocationList.requireJti: must be true or false/],
    ['now', { now: 5 }, /^revocationList\.now: must be a function, for example Date\.now$/],
    ['an unknown name', { prefix: 'x' }, /^revocationList: unknown option prefix/],
  ])('are checked: %s', (_name, options, message) => {
    expect(() => revocationList(options)).toThrow(TypeError)
    expect(() => revocationList(options)).toThrow(message)
  })
})
