import { createResourceServer, type Guard } from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { StartStack } from '../support/stack.ts'
import { routeOf, stacks } from '../support/stacks.ts'

const issuer = await createTestIssuer({ issuer: 'https://issuer.test/' })
const token = await issuer.sign()

/** Values that are no errors. Frameworks take some of them for success, or for an instruction. */
const values = [
  undefined,
  null,
  0,
  '',
  'route',
  'router',
  false,
  true,
  Number.NaN,
  {},
  Object.freeze({ status: 200 }),
  Symbol('thrown'),
  Proxy.revocable({}, {}),
].map((value) => (isRevocable(value) ? revoked(value) : value))

function isRevocable(value: unknown): value is { proxy: object; revoke: () => void } {
  return typeof value === 'object' && value !== null && 'revoke' in value
}

function revoked({ proxy, revoke }: { proxy: object; revoke: () => void }): object {
  revoke()
  return proxy
}

type Fail = () => never

interface Failing {
  readonly options?: object
  readonly guard?: Guard
}

/** Where a function of the application can throw. */
const places = {
  guard: (fail) => ({ guard: fail }),
  'asynchronous guard': (fail) => ({ guard: later(fail) }),
  schema: (fail) => ({ options: { schema: schemaOf(fail) } }),
  'asynchronous schema': (fail) => ({ options: { schema: schemaOf(later(fail)) } }),
  tokenFrom: (fail) => ({ options: { tokenFrom: fail } }),
  'asynchronous tokenFrom': (fail) => ({ options: { tokenFrom: later(fail) } }),
  issuers: (fail) => ({ options: { issuers: fail, issuer: undefined, jwks: undefined } }),
  'asynchronous issuers': (fail) => ({
    options: { issuers: later(fail), issuer: undefined, jwks: undefined },
  }),
} satisfies Record<string, (fail: Fail) => Failing>

function later(fail: Fail): () => Promise<never> {
  return async () => {
    await Promise.resolve()
    return fail()
  }
}

function schemaOf(validate: () => unknown): object {
  return { '~standard': { version: 1, vendor: 'test', validate } }
}

describe('A6 a value that is not an error', () => {
  it.each(
    Object.keys(stacks).flatMap((name) => Object.entries(places).map((place) => [name, ...place] as const)),
  )(
    'never lets a request through: %s, thrown by %s',
    async (name, _place, failing: (fail: Fail) => Failing) => {
      let value: unknown
      let handled = 0
      const { options = {}, guard = () => true } = failing(() => {
        throw value
      })
      const api = createResourceServer({ ...issuer.options, ...options })
      const app = { api, guard, before: () => undefined, handler: () => ++handled }
      const stack = await (stacks[name] as StartStack)(app)
      onTestFinished(() => stack.close())
      for (value of values) {
        const { status } = await fetch(stack.origin + routeOf(name), {
          headers: { authorization: `Bearer ${token}` },
          signal: AbortSignal.timeout(2000),
        })
        // Errors of middleware are a bad request to socket.io.
        expect([status, handled]).toEqual([name.startsWith('engine') ? 400 : 500, 0])
      }
    },
  )
})
