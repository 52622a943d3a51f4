import type { Auth, Guard } from 'oauth-resource-server'
import { sessionIdOf } from './messages.ts'
import { isPlainObject } from './plain-object.ts'

/** Limits of {@link boundSession}. */
export interface BoundSessionOptions {
  /** Callers whose sessions are remembered; of more, the one that was away longest is forgotten. @default 10000 */
  readonly maxCallers?: number | undefined
  /** Sessions of one caller that are remembered. @default 100 */
  readonly maxSessions?: number | undefined
}

/** A guard that knows whose a session is. */
export interface BoundSession extends Guard {
  /** Binds a session as soon as it is there: from `onsessioninitialized` of the transport. */
  readonly bind: (sessionId: string, auth: Auth<object>) => void
}

/**
 * Makes a guard that binds each MCP session to its caller: issuer, subject and client. A request that sends the
 * `Mcp-Session-Id` of another caller is refused with 403. Whoever learns a session id gets nothing by it, which MCP asks
 * for ("Session Hijacking"). A new token of the same caller goes on with the session.
 *
 * A session that is not known yet belongs to the first caller who sends its id, and from the start where
 * `onsessioninitialized` calls `bind(id, auth)`. It is remembered in this process alone, as the sessions of the SDK's
 * transports are. A caller whose token has neither subject nor client can use no session.
 *
 * @throws {TypeError} for options that are none, and for a limit that is none
 */
export function boundSession(options: BoundSessionOptions = {}): BoundSession {
  const given = optionsOf(options)
  const maxCallers = limitOf(given.maxCallers, 'maxCallers', 10_000)
  const maxSessions = limitOf(given.maxSessions, 'maxSessions', 100)
  /** Sessions by caller, whoever was away longest first. */
  const callers = new Map<string, Set<string>>()
  const owners = new Map<string, string>()

  function bind(sessionId: string, auth: Auth<object>): void {
    const caller = callerOf(auth)
    // Another caller may have sent this id before. When its sessions are forgotten, this one must stay bound.
    callers.get(owners.get(sessionId) ?? caller)?.delete(sessionId)
    const own = callers.get(caller) ?? new Set<string>()
    callers.delete(caller)
    callers.set(caller, own)
    own.add(sessionId)
    owners.set(sessionId, caller)
    if (own.size > maxSessions) forget(own, first(own))
    if (callers.size > maxCallers) {
      const oldest = first(callers.keys())
      for (const id of callers.get(oldest) ?? []) owners.delete(id)
      callers.delete(oldest)
    }
  }

  /** One caller's sessions never displace another's. */
  function forget(own: Set<string>, sessionId: string): void {
    own.delete(sessionId)
    owners.delete(sessionId)
  }

  const guard: Guard = (auth, request) => {
    const sessionId = sessionIdOf(request)
    if (sessionId === undefined) return true
    // Without a name of its own, a caller cannot be told from others.
    if (auth.subject === undefined && auth.clientId === undefined) return false
    const owner = owners.get(sessionId)
    if (owner !== undefined && owner !== callerOf(auth)) return false
    bind(sessionId, auth)
    return true
  }
  return Object.assign(guard, { bind })
}

function callerOf({ issuer, subject, clientId }: Auth<object>): string {
  return JSON.stringify([issuer, subject, clientId])
}

function first(values: Iterable<string>): string {
  for (const value of values) return value
  return ''
}

/** The options as they are written: what an object inherits is none. @throws {TypeError} */
function optionsOf(options: unknown): BoundSessionOptions {
  if (!isPlainObject(options)) {
    throw new TypeError('boundSession: pass a plain object of options, or nothing')
  }
  const unknown = Object.keys(options).find((name) => name !== 'maxCallers' && name !== 'maxSessions')
  if (unknown !== undefined) {
    throw new TypeError(`boundSession: ${unknown} is no option; the options are maxCallers and maxSessions`)
  }
  return { maxCallers: undefined, maxSessions: undefined, ...options }
}

function limitOf(value: unknown, name: string, standard: number): number {
  if (value === undefined) return standard
  if (!Number.isInteger(value) || (value as number) < 1) {
    throw new TypeError(`boundSession: ${name} must be a whole number from 1`)
  }
  return value as number
}
