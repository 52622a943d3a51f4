import { LRUCache } from 'lru-cache'

/** A map that forgets: the least recently used entry when full, and any entry after its time. */
export interface BoundedCache<V> {
  get(key: string): V | undefined
  set(key: string, value: V): void
  delete(key: string): void
  clear(): void
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
  const { max, now, maxAge = 0, maxSize = 0, sizeOf } = bare(limits)
  const options = {
    max,
    ttl: maxAge * 1000,
    ttlResolution: 0,
    // 0 is no time of an entry there.
    perf: now && { now: () => now() * 1000 + 1 },
    maxSize,
    sizeCalculation: sizeOf,
  }
  const cache = new LRUCache<string, V>(bare(options) as LRUCache.Options<string, V, unknown>)
  return {
    get: (key) => cache.get(key, new NoOptions()),
    set: (key, value) => void cache.set(key, value, new NoOptions()),
    delete: (key) => void cache.delete(key),
    clear: () => cache.clear(),
    get size() {
      return cache.size
    },
  }
}

/** Options of one call. Of a class, since V8 makes these faster than objects with another prototype, or without any. */
class NoOptions {
  /** Written by the library; never given. */
  declare status: never
}
Object.setPrototypeOf(NoOptions.prototype, null)
Object.freeze(NoOptions.prototype)

function bare<T extends object>(value: T): T {
  return Object.assign(Object.create(null) as T, value)
}
