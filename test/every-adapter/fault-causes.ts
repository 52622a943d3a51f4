import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Exchange } from '../support/stack.ts'
import type { Disturbance, Round } from './fault-rounds.ts'

/** Notes every write to a response that was answered before. */
export function watchWrites(res: ServerResponse, writes: string[]): void {
  for (const name of ['writeHead', 'setHeader', 'write', 'end'] as const) {
    const original = res[name].bind(res) as (...given: unknown[]) => unknown
    const late = (): boolean => res.writableEnded || (res.headersSent && /writeHead|setHeader/.test(name))
    const watched = (...given: unknown[]): unknown => {
      if (late()) writes.push(name)
      return original(...given)
    }
    Object.assign(res, { [name]: watched })
  }
}

/** Makes objects of the framework odd. */
export function prepare({ framework }: Exchange, hazard: Round['hazard']): void {
  const { request, locals, notes } = framework
  const foreign = { scopes: new Set(['admin']) }
  const define = (descriptor: PropertyDescriptor): void => {
    for (const object of [request, notes])
      if (object !== undefined) Object.defineProperty(object, 'auth', descriptor)
  }
  if (hazard === 'getter') define({ get: () => foreign, configurable: true })
  if (hazard === 'read-only') define({ value: foreign, writable: false })
  if (hazard === 'foreign auth') define({ value: foreign, writable: true, configurable: true })
  if (hazard === 'throwing setter') {
    const set = (): never => {
      throw new Error('may not be set')
    }
    define({ get: () => foreign, set })
  }
  if (hazard === 'frozen notes')
    for (const object of [locals, notes]) if (object !== undefined) Object.freeze(object)
}

/** Does something to the response that nobody of the round knows of. */
export async function disturb(
  { res, takeOver }: Exchange,
  kind: Disturbance,
  sent: { destroy: () => void },
): Promise<void> {
  if (kind === 'nothing') return
  if (kind === 'client leaves') {
    const closed = once(res, 'close')
    sent.destroy()
    await closed
    return
  }
  takeOver()
  if (kind === 'destroys') res.destroy()
  if (kind === 'answers') res.writeHead(504).end('onetwo')
  if (kind === 'begins') res.writeHead(504).write('one')
}
