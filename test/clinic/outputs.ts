import diagnostics from 'node:diagnostics_channel'
import { inspect } from 'node:util'
import { channelNames, explain, isAuthError, type ResourceServer } from 'oauth-resource-server'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, expect, type MockInstance, vi } from 'vitest'

/** What may be seen nowhere. */
export const canary = 'CANARY7f3a'

/** Claims whose values may be shown nowhere. */
export const secrets = {
  email: `${canary}@example.com`,
  name: canary,
  amr: [canary],
  profile: { address: { city: canary } },
  [`https://example.com/x`]: canary,
}

/** Everything that a process says while a request is refused. */
export interface Outputs {
  /** Messages of the diagnostics channels. */
  readonly messages: unknown[]
  readonly warnings: Error[]
  /** What a program logs about errors, and what is printed. */
  readonly lines: string[]
  /** Logs an error, as programs do with pino. */
  readonly log: (error: unknown) => void
  /** Fails when a text, or a part of it, is in anything that was said of this error and response. */
  readonly expectNothingOf: (token: string, said: Said) => void
}

/** What one request led to. */
export interface Said {
  readonly api: ResourceServer<unknown, undefined>
  readonly errors: readonly unknown[]
  readonly headers?: Headers
  readonly body?: string
}

/** Listens to all of it, for as long as the tests of a file run. */
export function watchedOutputs(): Outputs {
  const messages: unknown[] = []
  const warnings: Error[] = []
  const lines: string[] = []
  const note = (message: unknown): void => void messages.push(message)
  const onWarning = (warning: Error): void => void warnings.push(warning)
  const logger = pino({}, { write: (line: string) => void lines.push(line) })
  const spies: MockInstance[] = []
  beforeAll(() => {
    for (const name of Object.values(channelNames)) diagnostics.subscribe(name, note)
    process.on('warning', onWarning)
    const print = (...printed: unknown[]): true => lines.push(printed.map(whole).join(' ')) > 0 || true
    for (const stream of [process.stdout, process.stderr])
      spies.push(vi.spyOn(stream, 'write').mockImplementation(print))
    for (const method of ['debug', 'log', 'info', 'warn', 'error'] as const)
      spies.push(vi.spyOn(console, method).mockImplementation(print))
  })
  afterAll(() => {
    for (const name of Object.values(channelNames)) diagnostics.unsubscribe(name, note)
    process.off('warning', onWarning)
    for (const spy of spies) spy.mockRestore()
  })
  afterEach(() => {
    for (const list of [messages, warnings, lines]) list.length = 0
  })

  return {
    messages,
    warnings,
    lines,
    log(error) {
      logger.error(error)
      logger.warn({ err: error, ...(isAuthError(error) ? { detail: error.detail } : {}) }, explain(error))
    },
    expectNothingOf(token, { api, errors, headers = new Headers(), body = '' }) {
      const everything = [
        ...[...errors, ...warnings].flatMap(serialised),
        ...[messages, api, api.health()].flatMap((each) => [JSON.stringify(each), whole(each)]),
        ...lines,
        ...[...headers].flat(),
        body,
      ].join('\n')
      expect(everything).not.toContain(canary)
      // The header of a token is the same for many, and has names alone.
      for (const part of token.split('.').slice(1)) expect(everything).not.toContain(part)
    },
  }
}

/** An error in every form that programs give it. */
function serialised(error: unknown): string[] {
  const { message, stack, cause, detail } = error as Error & { detail?: unknown }
  return [
    explain(error),
    String(error),
    message,
    String(stack),
    ...[error, cause, detail].flatMap((each) => [JSON.stringify(each), whole(each)]),
    JSON.stringify(pino.stdSerializers.err(error as Error)),
    JSON.stringify(pino.stdSerializers.errWithCause(error as Error)),
  ]
}

/** Everything that can be reached from a value, symbols and what is not enumerable included. */
function whole(value: unknown): string {
  return typeof value === 'string'
    ? value
    : inspect(value, { showHidden: true, depth: Infinity, maxStringLength: null, maxArrayLength: null })
}
