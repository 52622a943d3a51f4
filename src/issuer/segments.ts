/** Sizes of {@link segments}. */
export interface SegmentLimits<V> {
  readonly maxProven: number
  readonly maxUnproven: number
  /** Whether an unproven entry is in use, so that others are forgotten before it. */
  readonly isBusy: (value: V) => boolean
  /** Called when an unproven entry is forgotten. */
  readonly forgotten: (name: string) => void
}

/**
 * A map in two parts. Proven entries are forgotten least recently proven first, and only for another proven one.
 * Lookups and unproven entries never evict proven ones.
 */
export interface Segments<V> {
  readonly get: (name: string) => V | undefined
  /** Adds or replaces an entry: in its part, else among the unproven ones. */
  readonly set: (name: string, value: V) => void
  /** Moves an entry to the proven ones, as the one proven last. */
  readonly prove: (name: string, value: V) => void
  readonly delete: (name: string) => void
  readonly isProven: (name: string) => boolean
  /** Whether one more proven entry fits without another being forgotten. */
  readonly hasRoom: () => boolean
  readonly provenValues: () => readonly V[]
  readonly values: () => readonly V[]
}

/** Makes {@link Segments}. */
export function segments<V>({ maxProven, maxUnproven, isBusy, forgotten }: SegmentLimits<V>): Segments<V> {
  const proven = new Map<string, V>()
  const unproven = new Map<string, V>()
  let provenLast: string | undefined

  function addUnproven(name: string, value: V): void {
    if (unproven.size >= maxUnproven && !unproven.has(name)) {
      const names = [...unproven.keys()]
      const idle = names.find((each) => !isBusy(unproven.get(each) as V))
      const last = (idle ?? names[0]) as string
      unproven.delete(last)
      forgotten(last)
    }
    unproven.set(name, value)
  }

  return {
    get: (name) => proven.get(name) ?? unproven.get(name),
    set(name, value) {
      if (proven.has(name)) proven.set(name, value)
      else addUnproven(name, value)
    },
    prove(name, value) {
      if (provenLast === name && proven.has(name)) return
      unproven.delete(name)
      proven.delete(name)
      // The first of a map is the one that was added longest ago.
      if (proven.size >= maxProven) proven.delete(proven.keys().next().value as string)
      proven.set(name, value)
      provenLast = name
    },
    delete(name) {
      proven.delete(name)
      unproven.delete(name)
    },
    isProven: (name) => proven.has(name),
    hasRoom: () => proven.size < maxProven,
    provenValues: () => [...proven.values()],
    values: () => [...proven.values(), ...unproven.values()],
  }
}
