/**
 * Counts work that is pending.
 *
 * @param ms milliseconds the work may take
 * @returns a function to call when the work ends; `undefined` when too much work is pending
 */
export type PendingWork = (ms: number) => (() => void) | undefined

/**
 * Makes a {@link PendingWork}. Work that takes longer than it may makes room for new work: some runtimes (Workers) end
 * the promises and timers of a request together with it, so that the end of its work is never reported.
 *
 * @param now seconds that never run backwards
 * @param max most pieces of work; `Infinity` counts nothing
 */
export function pendingWork(now: () => number, max: number): PendingWork {
  const pending = new Set<{ readonly overdueAt: number }>()
  /** No pending work is overdue before this. */
  let earliest = Infinity

  function removeOverdue(): void {
    const time = now()
    if (time < earliest) return
    earliest = Infinity
    for (const work of pending) {
      if (work.overdueAt <= time) pending.delete(work)
      else earliest = Math.min(earliest, work.overdueAt)
    }
  }

  return (ms) => {
    if (max === Infinity) return () => undefined
    if (pending.size >= max) removeOverdue()
    if (pending.size >= max) return undefined
    const work = { overdueAt: now() + ms / 1000 }
    pending.add(work)
    earliest = Math.min(earliest, work.overdueAt)
    return () => void pending.delete(work)
  }
}
