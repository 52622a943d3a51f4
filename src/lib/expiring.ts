/** Something that is forgotten at some time. */
export interface Expiring {
  /** Seconds of the clock of its {@link ExpiringEntries}. */
  expiresAt: number
}

/** Entries that are forgotten once they expired, and never before. */
export interface ExpiringEntries<E extends Expiring> {
  readonly size: () => number
  /** Removes what expired. */
  readonly sweep: () => void
  readonly add: (entry: E) => void
  /** Prolongs an entry; never shortens it. */
  readonly prolong: (entry: E, expiresAt: number) => void
}

/**
 * Counts entries by the time they expire, so that removing some costs nothing for the others.
 *
 * @param now seconds that never run ahead of the time that passed; they may be set back
 * @param forget called once for each entry that expired
 * @param width seconds by which an entry may be forgotten late: entries that expire within them are removed together
 */
export function expiringEntries<E extends Expiring>(
  now: () => number,
  forget: (entry: E) => void,
  width: number,
): ExpiringEntries<E> {
  const groups = new Map<number, Set<E>>()
  let size = 0
  /** Nothing expires before this. */
  let earliest = Infinity

  const groupOf = ({ expiresAt }: Expiring): number => Math.ceil(expiresAt / width)

  function put(entry: E): void {
    const key = groupOf(entry)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, new Set([entry]))
    else group.add(entry)
    earliest = Math.min(earliest, key * width)
  }

  return {
    size: () => size,
    add(entry) {
      put(entry)
      size += 1
    },
    prolong(entry, expiresAt) {
      if (expiresAt <= entry.expiresAt) return
      groups.get(groupOf(entry))?.delete(entry)
      entry.expiresAt = expiresAt
      put(entry)
    },
    sweep() {
      const time = now()
      if (time < earliest) return
      earliest = Infinity
      for (const [key, group] of groups) {
        if (key * width > time) {
          earliest = Math.min(earliest, key * width)
          continue
        }
        groups.delete(key)
        size -= group.size
        for (const entry of group) forget(entry)
      }
    },
  }
}
