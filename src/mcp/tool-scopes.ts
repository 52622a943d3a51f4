import { type Guard, InsufficientScopeError, scope } from 'oauth-resource-server'
import { messagesOf } from './messages.ts'
import { isPlainObject } from './plain-object.ts'

/** Scopes by the name of the tool that needs them. Tools that are not listed need none. */
export type ToolScopes = Readonly<Record<string, string | readonly string[]>>

/**
 * Makes a guard for the endpoint of an MCP server: a request that calls tools needs the scopes of each of them. It is
 * refused as a whole, with 403 `insufficient_scope` and one challenge that names all of them, so that the client asks
 * for them at once (MCP authorization, "Scope Challenge Handling").
 *
 * It reads the body: on Express and Koa put a body parser before it, on Fastify use `preHandler`. A web `Request` is
 * copied, 4 MiB at most. Requests that call no tool pass.
 *
 * @throws {TypeError} for scopes that are none
 */
export function toolScopes(tools: ToolScopes): Guard {
  if (!isPlainObject(tools))
    throw wrong("pass scopes by tool, for example { delete_report: ['reports:write'] }")
  const needed = new Map<unknown, readonly string[]>()
  for (const [tool, scopes] of Object.entries(tools)) {
    const list: unknown = typeof scopes === 'string' ? [scopes] : scopes
    if (!Array.isArray(list)) throw wrong(`${tool}: pass a scope, or a list of scopes`)
    // Checks the names.
    scope(list as string[])
    needed.set(tool, [...(list as string[])])
  }
  return async (auth, request) => {
    const all = new Set<string>()
    for (const message of await messagesOf(request)) {
      for (const each of needed.get(calledTool(message)) ?? []) all.add(each)
    }
    const scopes = [...all]
    if (scopes.every((each) => auth.scopes.has(each))) return true
    throw new InsufficientScopeError(scopes, {
      detail: { claim: 'scope', expected: scopes, actual: [...auth.scopes] },
    })
  }
}

function wrong(what: string): TypeError {
  return new TypeError(`toolScopes: ${what}`)
}

/** The tool that a JSON-RPC message calls, whatever its type is; `undefined` for other messages. */
function calledTool(message: unknown): unknown {
  const { method, params } = Object(message) as { method?: unknown; params?: unknown }
  return method === 'tools/call' ? (Object(params) as { name?: unknown }).name : undefined
}
