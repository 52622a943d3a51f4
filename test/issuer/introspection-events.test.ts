import { afterEach, beforeEach, expect, it, type MockInstance, vi } from 'vitest'
import { FetchError } from '../../src/issuer/fetch-error.ts'
import { type IntrospectionEvents, introspectionEvents } from '../../src/issuer/introspection-events.ts'

let warn: MockInstance<typeof process.emitWarning>
beforeEach(() => (warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)))
afterEach(() => vi.restoreAllMocks())

const make = (): IntrospectionEvents => introspectionEvents('https://issuer.test/')
const refused = (status?: number, url?: string): FetchError => new FetchError('it failed', { status, url })

it('counts questions and failures, and keeps the last error until the next answer', () => {
  const events = make()
  expect(events.health(false)).toEqual({
    state: 'closed',
    lastError: undefined,
    counters: { asked: 0, failures: 0 },
  })
  events.asked()
  events.asked()
  events.failed(refused(500))
  expect(events.health(true)).toEqual({
    state: 'open',
    lastError: 'it failed',
    counters: { asked: 2, failures: 1 },
  })
  events.failed(refused(500, 'https://issuer.test/introspect?secret=1'))
  expect(events.health(true).lastError).toBe('https://issuer.test/introspect: it failed')
  events.answered()
  expect(events.health(false)).toEqual({
    state: 'closed',
    lastError: undefined,
    counters: { asked: 2, failures: 2 },
  })
})

it('warns once per status of what cannot heal by itself', () => {
  const events = make()
  for (const status of [401, 401, 403, 401, 403]) events.failed(refused(status, 'https://issuer.test/i'))
  expect(warn.mock.calls).toEqual([
    [
      'oauth-resource-server cannot introspect tokens of https://issuer.test/: https://issuer.test/i: it failed; check clientId, clientSecret or privateKey, and authMethod',
      { code: 'OAUTH_INTROSPECTION' },
    ],
    [
      'oauth-resource-server cannot introspect tokens of https://issuer.test/: https://issuer.test/i: it failed; allow this client to introspect tokens, at the issuer',
      { code: 'OAUTH_INTROSPECTION' },
    ],
  ])
})

it.each([undefined, 429, 500, 503])('does not warn of %s, which may pass', (status) => {
  make().failed(refused(status))
  expect(warn).not.toHaveBeenCalled()
})
