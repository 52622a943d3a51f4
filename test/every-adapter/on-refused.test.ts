import {
  type AuthError,
  createResourceServer,
  ForbiddenError,
  InsufficientScopeError,
} from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { hosts, type StartHost } from '../support/hosts.ts'

const issuer = await createTestIssuer({ algorithms: ['EdDSA'] })
const headers = { authorization: `Bearer ${await issuer.sign()}` }

/** What a careless hook may do to the error. None of it changes the response. */
const hooks: readonly (readonly [string, Hook])[] = [
  ['does nothing', () => undefined],
  [
    'writes to every member',
    (error) => {
      Object.assign(error, { status: 200, code: 'fine', reason: 'none', message: 'fine', name: 'Fine' })
      Object.assign(error, { scopes: ['other'], headers: { 'X-Changed': '1' } })
    },
  ],
  ['writes to a getter', (error) => (error['statusCode'] = 200)],
  [
    'defines members',
    (error) => {
      for (const name of ['status', 'statusCode', 'code', 'message', 'expose', 'headers']) {
        Object.defineProperty(error, name, { value: 200, configurable: true })
      }
    },
  ],
  [
    'defines getters that cannot be changed',
    (error) => {
      for (const name of ['status', 'statusCode', 'message', 'expose']) {
        Object.defineProperty(error, name, { get: () => 200, configurable: false })
      }
    },
  ],
  ['freezes it', (error) => Object.freeze(error)],
  ['freezes it with another status', (error) => Object.freeze(Object.assign(error, { status: 200 }))],
  ['changes its prototype', (error) => Object.setPrototypeOf(error, null) as unknown],
  ['adds to the scopes', (error) => (error['scopes'] as string[] | undefined)?.push('other')],
  [
    'throws',
    () => {
      throw new Error('no log')
    },
  ],
  ['rejects', () => Promise.reject(new Error('no log'))],
  [
    'changes it later',
    async (error) => {
      await Promise.resolve()
      Object.assign(error, { status: 200, message: 'fine' })
    },
  ],
]

type Hook = (error: Record<string, unknown>) => unknown

/** Starts an API, and returns everything of its responses without a token, and with one that has too little. */
async function responsesOf(
  start: StartHost,
  onError: 'respond' | 'throw',
): Promise<(hook?: Hook) => Promise<unknown>> {
  let current: Hook | undefined
  const onRefused = (error: AuthError): unknown => current?.(error as never)
  const api = createResourceServer({ ...issuer.options, onError, onRefused })
  const refuses = (): never => {
    throw new InsufficientScopeError(['write', 'list'])
  }
  const host = await start(api, { routes: { '/it': (guards) => guards.authorize(refuses) } })
  onTestFinished(() => host.close())
  return async (hook) => {
    current = hook
    const answers = []
    for (const init of [{}, { headers }]) {
      const response = await fetch(`${host.origin}/it`, init)
      const { date: _date, 'content-length': _length, ...rest } = Object.fromEntries(response.headers)
      // Express shows the stack while one develops, where the tools of these tests write the message anew.
      const body = (await response.text()).replace(/<pre>.*<\/pre>/s, '')
      answers.push([response.status, rest, body])
    }
    return answers
  }
}

describe.each(Object.entries(hosts))('on %s', (name, start) => {
  it.each(['respond', 'throw'] as const)(
    'no hook changes the response, with onError: %s',
    async (onError) => {
      const responses = await responsesOf(start, onError)
      const expected = await responses()
      // Hono shows nothing of an error that is thrown.
      const statuses = name === 'fetch' && onError === 'throw' ? /500.*500/ : /401.*403/
      expect(JSON.stringify(expected)).toMatch(statuses)
      for (const [title, hook] of hooks) expect(await responses(hook), title).toEqual(expected)
    },
  )

  it('a frozen error can go to the error path', async () => {
    const api = createResourceServer({ ...issuer.options, onError: 'throw' })
    const refusal: ForbiddenError = Object.freeze(new ForbiddenError('role'))
    const refuses = (): never => {
      throw refusal
    }
    const host = await start(api, { routes: { '/it': (guards) => guards.authorize(refuses) } })
    onTestFinished(() => host.close())
    const { status } = await fetch(`${host.origin}/it`, { headers })
    expect(status).toBe(name === 'fetch' ? 500 : 403)
  })
})
