import { UpstreamError } from 'oauth-resource-server'

/** The one command that the stores need. It goes to the primary, also where reads go to replicas. */
export interface Redis {
  /** Runs a script. All keys are in one slot. */
  readonly run: (script: string, keys: readonly string[], values: readonly string[]) => Promise<unknown>
}

/**
 * A client of Redis or Valkey that is, or will be, connected: `redis` 5 and 6 (client, pool, cluster, sentinel),
 * `ioredis` 5 and 6 and `iovalkey` (client, cluster), or `@valkey/valkey-glide` (client, cluster client).
 */
export type RedisClient = object

/** What is looked at to tell the clients apart. */
interface AnyClient {
  readonly customCommand?: (parts: readonly string[]) => Promise<unknown>
  readonly call?: unknown
  readonly sendCommand?: unknown
  readonly eval?: (...values: readonly unknown[]) => Promise<unknown>
  readonly listenerCount?: (event: string) => number
  readonly on?: (event: string, listener: () => void) => unknown
}

/**
 * Makes the one interface of any client, told apart by its methods.
 *
 * @throws {TypeError} for what is no client
 */
export function redisOf(value: unknown): Redis {
  const client = Object(value) as AnyClient
  keepAlive(client)
  if (typeof client.customCommand === 'function') {
    const run = client.customCommand.bind(client)
    return {
      run: (script, keys, values) => run(['EVAL', script, String(keys.length), ...keys, ...values]),
    }
  }
  if (typeof client.eval === 'function' && typeof client.sendCommand === 'function') {
    const run = client.eval.bind(client)
    // ioredis and iovalkey have `call`.
    return typeof client.call === 'function'
      ? { run: (script, keys, values) => run(script, keys.length, ...keys, ...values) }
      : { run: (script, keys, values) => run(script, { keys, arguments: values }) }
  }
  throw new TypeError(
    'client: pass a client of redis, ioredis, iovalkey or @valkey/valkey-glide, for example createClient({ url })',
  )
}

/** Without a listener for `error`, a lost connection ends the process. Failed commands tell us enough. */
function keepAlive(client: AnyClient): void {
  if (typeof client.on !== 'function' || typeof client.listenerCount !== 'function') return
  if (client.listenerCount('error') === 0) client.on('error', () => undefined)
}

/** Text of a reply, which some clients are set up to return as bytes. @throws {Error} for any other value */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (value instanceof Uint8Array) return new TextDecoder().decode(value)
  throw unreadable()
}

/** A list of a reply. @throws {Error} for any other value */
export function listOfReply(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw unreadable()
}

/** A whole number of a reply. @throws {Error} for any other value */
export function numberOf(value: unknown): number {
  const number = typeof value === 'number' || typeof value === 'bigint' ? Number(value) : wholeNumber(value)
  if (Number.isSafeInteger(number)) return number
  throw unreadable()
}

function wholeNumber(value: unknown): number {
  const text = textOf(value)
  return /^\d{1,16}$/.test(text) ? Number(text) : NaN
}

/** The error for a value that nobody here has written. It is a 503, never a pass. */
export function unreadable(): UpstreamError {
  const hint = 'a value in Redis cannot be read: another program may have written under this prefix'
  return new UpstreamError(1, { detail: { hint } })
}
