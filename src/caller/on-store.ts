import { warn } from '#platform'
import { type Clock, systemClock } from '../lib/clock.ts'
import { type StoreCalls, storeCalls } from '../lib/store-calls.ts'
import { checkText, type OptionsObject, optionsReader, type OptionsReader } from '../options/reader.ts'
import { listOptionNames, listSettings } from '../options/revocation.ts'
import type { ReplayStore, RevocationList } from '../stores.ts'
import { checkMoment } from './moment.ts'
import { listOf, type RevocationStore, type StoreTools } from './revocation-list.ts'

/** What a store outside of the process is made with. */
export interface RemoteTools extends StoreCalls {
  /** The system's clock, whatever `now` is: networks do not follow an injected one. */
  readonly clock: Pick<Clock, 'steady' | 'schedule'>
  /** Shows a warning of the process. @param code stable, for filters */
  readonly warn: (message: string, code: string) => void
}

const callNames = ['timeoutMs', 'maxInFlight'] as const

/**
 * Makes a revocation list on a store outside of the process, as `oauth-resource-server/redis` does: it checks options
 * and entries, and gives every call a deadline.
 *
 * @param names of options of the store's own
 * @param makeStore makes the store; `values` are its own options, not checked
 * @throws {TypeError}
 */
export function revocationListOn(
  options: unknown,
  names: readonly string[],
  makeStore: (tools: RemoteTools & StoreTools, values: OptionsObject) => RevocationStore,
): RevocationList {
  const read = optionsReader<string>(options, 'revocationList', [...listOptionNames, ...callNames, ...names])
  const remote = remoteTools(read, 'revocation list')
  return listOf(listSettings(read), (tools) => makeStore({ ...tools, ...remote }, read.values))
}

/**
 * Makes a replay store on a store outside of the process.
 *
 * @param makeStore makes the function that reserves a key for so many milliseconds
 * @throws {TypeError}
 */
export function replayStoreOn(
  options: unknown,
  names: readonly string[],
  makeStore: (tools: RemoteTools, values: OptionsObject) => (key: string, lifeMs: number) => Promise<boolean>,
): ReplayStore {
  const read = optionsReader<string>(options, 'replayStore', [...callNames, 'now', ...names])
  const { wall } = systemClock(read.function<() => number>('now', 'Date.now'))
  const reserve = makeStore(remoteTools(read, 'replay store'), read.values)
  return Object.freeze({
    async reserve(key, expiresAt) {
      const name = checkText(key, 'reserve: key')
      const life = checkMoment(expiresAt, 'reserve: expiresAt') - wall()
      return reserve(name, Math.ceil(Math.max(1, life) * 1000))
    },
  } satisfies ReplayStore)
}

function remoteTools(read: OptionsReader<string>, name: string): RemoteTools {
  const timeoutMs = read.number('timeoutMs', 10, 60_000, 250)
  const maxInFlight = read.number('maxInFlight', 1, 1_000_000, 1000)
  const clock = systemClock()
  return { ...storeCalls(clock, { name, timeoutMs, maxInFlight }), clock, warn }
}
