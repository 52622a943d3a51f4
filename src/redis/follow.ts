import { type RemoteTools, type StoreTools, UpstreamError } from 'oauth-resource-server'
import { listOfReply, numberOf, type Redis, unreadable } from './client.ts'
import { exactStore, type FullStore } from './exact.ts'
import { entryOf, isLater, timeOf } from './record.ts'
import { followScript } from './scripts.ts'
import { listState } from './state.ts'

/** Records that are read at once. */
const batch = 1000

/** Time between two reads of the stream, in milliseconds: a fourth of the shortest `within`. */
const pauseMs = 250

/** Seconds after which a list that had more entries than memory tries again. */
const afterOverflow = 60

/** There are more entries than memory takes. */
const tooMany = new Error('more entries than memory')

/** Reading on at once would never end. */
const severalLists =
  'revocation list: it was replaced again before it was read; connect the client to one primary alone'

/** Reading position before the first record. */
const start = '0-0'

/** Reads that follow one another, from `open()` to `close()`. */
interface Loop {
  /** Cancels the next read. */
  cancel: () => void
}

/**
 * Makes a store that keeps the entries in memory and follows a stream of changes. It decides from memory only when it
 * has read the whole stream, the last time at most `within` seconds ago; else it asks Redis about the token.
 *
 * @param within seconds
 */
export function followStore(
  redis: Redis,
  tag: string,
  within: number,
  tools: RemoteTools & StoreTools,
): FullStore {
  const { ask, clock, max, longestLife, warn } = tools
  const state = listState(tag, tools)
  const exact = exactStore(redis, tag, tools, state)
  let entries = tools.index(max)
  let position = start
  /** Name of the list that was read up to that position. */
  let following: string | undefined
  /** When the read was sent that saw everything last. */
  let completeAt = -Infinity
  let reading: Promise<boolean> | undefined
  /** What reads again and again; `undefined` where nothing follows. */
  let loop: Loop | undefined

  const isCurrent = (): boolean => clock.steady() - completeAt <= within

  /** Reads some records. @returns whether there are no more */
  async function read(): Promise<boolean> {
    const sentAt = clock.steady()
    const into = entries
    const values = [...state.values, position, String(batch)]
    const reply = listOfReply(await ask(() => redis.run(followScript, [state.key, `${tag}changes`], values)))
    // Memory was emptied while we waited: what follows the old position is not the whole list.
    if (entries !== into) return false
    const name = state.read(reply)
    const [seconds, known, list] = reply.slice(2)
    const now = numberOf(seconds) * 1000
    if (following !== name && following !== undefined) {
      // Another list: what stands before our position was never read.
      following = name
      readAgain()
      return false
    }
    following = name
    const records = listOfReply(list)
    if (numberOf(known) === 0) forgetPosition(now, records)
    for (const record of records) {
      const { id, entry } = entryOf(record, now)
      // The same page again and again would never end.
      if (!isLater(id, position)) throw unreadable()
      if (entry.lifetime > 0 && !entries.add(entry)) {
        overflow()
        throw tooMany
      }
      position = id
    }
    const isAll = records.length < batch
    if (isAll) completeAt = sentAt
    return isAll
  }

  /**
   * The last record we know is gone. Its age tells whether it was trimmed, or lost with others.
   *
   * @param records from the first one on that is still there
   */
  function forgetPosition(now: number, [first]: readonly unknown[]): void {
    // What was trimmed stood before all of them; they are read on from there.
    const isAhead = first !== undefined && isLater(entryOf(first, now).id, position)
    if (now - timeOf(position) < longestLife * 1000) state.lost()
    if (isAhead) completeAt = -Infinity
    else readAgain()
  }

  /** Begins at the start. @throws {UpstreamError} where the list was not read to its end since the last time */
  function readAgain(): void {
    const isUnsettled = completeAt === -Infinity
    position = start
    completeAt = -Infinity
    if (isUnsettled) throw new UpstreamError(1, { detail: { hint: severalLists } })
  }

  function overflow(): void {
    entries = tools.index(max)
    position = start
    completeAt = -Infinity
    warn(
      `the revocation list has more than ${max} entries: Redis is asked about every token; raise max`,
      'OAUTH_REVOCATIONS_FULL',
    )
  }

  const readOnce = (): Promise<boolean> =>
    (reading ??= read().finally(() => {
      reading = undefined
    }))

  async function follow(own: Loop): Promise<void> {
    let pause = pauseMs
    try {
      if (!(await readOnce())) pause = 0
    } catch (error) {
      // Not current any more after a while: then Redis is asked directly.
      if (error === tooMany) pause = afterOverflow * 1000
    }
    // Another one may have begun meanwhile.
    if (loop === own) schedule(own, pause)
  }

  function schedule(own: Loop, pause: number): void {
    own.cancel = clock.schedule(pause, () => void follow(own))
  }

  function open(): void {
    if (loop !== undefined) return
    loop = { cancel: () => undefined }
    schedule(loop, 0)
  }

  return {
    async add(entry) {
      await exact.add(entry)
      if (!entries.add(entry)) overflow()
    },
    has(token) {
      const known = entries.has(token)
      if (typeof known !== 'boolean')
        return known.then((it) => it || (isCurrent() ? false : exact.has(token)))
      // An entry stays true, however old our knowledge is.
      return known || (isCurrent() ? false : exact.has(token))
    },
    async ready() {
      open()
      try {
        while (!(await readOnce())) continue
      } catch (error) {
        if (error !== tooMany) throw error
        await exact.ready()
      }
    },
    open,
    isReady: () => isCurrent() || exact.isReady(),
    close() {
      loop?.cancel()
      loop = undefined
    },
  }
}
