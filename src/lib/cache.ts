import { LRUCache } from 'lru-cache'

/** A map that forgets: the least recently used entry when full, and any entry after its time. */
export interface BoundedCache<V> {
  get(key: string): V | undefined
  set(key: string, value: V): void
  delete(key: string): void
  clear(): void
  values(): IterableIterator<V>
  readonly size: number
}

/** Limits of a {@link BoundedCache}. */
export interface CacheLimits<V> {
  /** Entries. */
  readonly max: number
  /** Seconds. */
  readonly maxAge?: number
  /** Seconds that only ever grow. */
  readonly now?: () => number
  /** Sum of the sizes of all entries, and how to find the size of one. */
  readonly maxSize?: number
  readonly sizeOf?: (value: V) => number
}

/** Makes a {@link BoundedCache}. */
export function boundedCache<V extends object>(limits: CacheLimits<V>): BoundedCache<V> {
  // Without a prototype, as a polluted one would offer limits and callbacks.
  const { max, now, maxAge, maxSize, sizeOf } = bare(limits)
  return new LRUCache<string, V>(
    bare({
      max,
      ...(maxAge === undefined ? {} : { ttl: maxAge * 1000, ttlResolution: 0 }),
      ...(now === undefined ? {} : { perf: { now: () => now() * 1000 + 1 } }),
      ...(maxSize === undefined || sizeOf === undefined ? {} : { maxSize, sizeCalculation: sizeOf }),
    }),
  )
}

function bare<T extends object>(value: T): T {
  return Object.assign(Object.create(null) as T, value)
}
