import { type AuthError, createResourceServer, type ResourceServer } from 'oauth-resource-server'
import { expect } from 'vitest'
import { hosts, type StartHost } from '../support/hosts.ts'
import { type Mistake, seconds } from './mistakes.ts'
import { type Outputs, secrets } from './outputs.ts'
import type { World } from './world.ts'

/** The frameworks, by their names in the table of hosts. */
export const frameworks = ['express 5', 'fastify 5', 'koa 3', 'fetch', 'express 4'] as const

/** The host of a framework. */
export const hostOf = (framework: string): StartHost => hosts[framework] as StartHost

/** Each row on every framework. */
export function everywhere<T>(table: Readonly<Record<string, T>>): (readonly [string, string, T])[] {
  return Object.entries(table).flatMap(([name, row]) => frameworks.map((each) => [name, each, row] as const))
}

/** Each row on one framework, these in turn; Express 4 differs from 5 in nothing that the core decides. */
export function inTurn<T>(table: Readonly<Record<string, T>>): (readonly [string, string, T])[] {
  return Object.entries(table).map(([name, row], index) => [name, frameworks[index % 4] as string, row])
}

/** What a request led to. */
export interface Outcome {
  readonly status: number
  readonly body: string
  readonly headers: Headers
  readonly refusals: readonly AuthError[]
  /** What reached the framework's own error path. */
  readonly errors: readonly unknown[]
  /** How many requests reached the handler. */
  readonly calls: number
  readonly warnings: readonly string[]
}

/**
 * Sets an API up on a framework, sends one request over HTTP, and looks for the canaries and the token in everything
 * that is said of it.
 */
export async function run(
  { options, claims, header, host, path = '/', fault, authorization, request = {} }: Omit<Mistake, 'line'>,
  framework: string,
  world: World,
  outputs: Outputs,
): Promise<Outcome> {
  const { issuer, server } = world
  const refusals: AuthError[] = []
  const requests: unknown[] = []
  const api: ResourceServer = createResourceServer({
    issuer: issuer.issuer,
    audience: issuer.audience as string,
    ...(typeof options === 'function' ? (options as (world: World) => object)(world) : options),
    onRefused(error: AuthError, request: unknown) {
      refusals.push(error)
      requests.push(request)
      outputs.log(error)
    },
  })
  if (fault !== undefined) await server.fail(...fault)
  const differing = typeof claims === 'function' ? claims(seconds()) : claims
  const token = await issuer.sign({ ...secrets, ...differing }, header)
  const running = await hostOf(framework)(api, { ...host, log: (line) => outputs.lines.push(line) })
  try {
    const init = typeof request === 'function' ? request(token) : request
    const headers = new Headers(init.headers)
    const value = authorization === undefined ? `Bearer ${token}` : authorization(token, world)
    if (value !== undefined) headers.set('authorization', value)
    const url = `${running.origin}${typeof path === 'function' ? path(token) : path}`
    const response = await fetch(url, { ...init, headers })
    const body = await response.text()
    // Warnings are emitted on the next tick.
    await new Promise((resolve) => setImmediate(resolve))
    const errors = [...refusals, ...running.errors()]
    outputs.expectNothingOf(token, { api, errors, headers: response.headers, body })
    for (const each of requests) expect(each, 'the request of the framework').toBeTypeOf('object')
    const named = outputs.warnings.map(({ message }) => message)
    return {
      status: response.status,
      body,
      headers: response.headers,
      refusals,
      errors: running.errors(),
      calls: running.calls(),
      // A warning about an earlier row may come late.
      warnings: named.filter((message) => message.includes(issuer.issuer)),
    }
  } finally {
    await running.close()
  }
}
