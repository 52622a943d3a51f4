import { faults } from './faults.ts'
import type { Exchange, Reply } from './exchange.ts'
import type { Fault, FaultOptions } from './fault-names.ts'
import { knownNames } from './options.ts'

type Target = 'keys' | 'metadata'

/** What is wrong with a server at the moment, and for how much longer. */
export interface Breakdown {
  /** How the next response for `target` goes wrong; undefined when it does not. */
  readonly next: (target: Target) => ((exchange: Omit<Exchange, 'options'>) => void) | undefined
  readonly fail: (fault: Fault, options?: FaultOptions) => Promise<void>
  readonly heal: () => void
}

const names = ['target', 'times', 'status', 'retryAfter', 'location']
const confined: Partial<Record<Fault, Target>> = {
  empty: 'keys',
  partial: 'keys',
  poisoned: 'keys',
  'other-issuer': 'metadata',
}

export function createBreakdown(): Breakdown {
  const current = new Map<Target, { fault: Fault; options: FaultOptions; left: number }>()

  return {
    next: (target) => {
      const failing = current.get(target)
      if (failing === undefined) return undefined
      if (--failing.left === 0) current.delete(target)
      const { fault, options } = failing
      return (exchange) => {
        const send = (reply: Reply): void => {
          exchange.send(adjusted(reply, options))
        }
        faults[fault]({ ...exchange, send, options })
      }
    },
    fail: (fault, options = {}) =>
      new Promise((resolve) => {
        for (const target of targetsOf(fault, options)) {
          current.set(target, { fault, options: { ...options }, left: options.times ?? Infinity })
        }
        resolve()
      }),
    heal: () => {
      current.clear()
    },
  }
}

function adjusted(reply: Reply, { status = reply.status, retryAfter }: FaultOptions): Reply {
  const headers = {
    ...reply.headers,
    ...(retryAfter === undefined ? {} : { 'retry-after': `${retryAfter}` }),
  }
  return { text: reply.text, headers, ...(status === undefined ? {} : { status }) }
}

function targetsOf(fault: Fault, options: FaultOptions): readonly Target[] {
  if (!Object.hasOwn(faults, fault)) {
    throw new TypeError(`fault: no such fault; there are ${Object.keys(faults).join(', ')}`)
  }
  knownNames(options, names)
  const { target = confined[fault] ?? 'keys', times = Infinity } = options
  if (!['keys', 'metadata', 'all'].includes(target)) throw new TypeError('target: keys, metadata or all')
  if (times !== Infinity && !(Number.isInteger(times) && times > 0))
    throw new TypeError('times: give a whole number from 1 up')
  const wanted: readonly Target[] = target === 'all' ? ['keys', 'metadata'] : [target]
  const hit = wanted.filter((one) => (confined[fault] ?? one) === one)
  if (hit.length === 0) throw new TypeError(`target: ${fault} means something for ${confined[fault]} only`)
  return hit
}
