/**
 * Decisions read from bytes. The same bytes always lead to the same decisions, so a fuzzer that changes bytes
 * changes cases; where the bytes end, every decision is the first one offered.
 */
export interface Choices {
  /** A number from 0 up to `bound`, exclusive. */
  readonly int: (bound: number) => number
  readonly pick: <T>(from: readonly T[]) => T
  /** True once in `times`. */
  readonly oneIn: (times: number) => boolean
  readonly bytes: (length: number) => Uint8Array
  /** Everything that was not read yet. */
  readonly rest: () => Uint8Array
}

export function choicesFrom(source: Uint8Array): Choices {
  let at = 0
  const int = (bound: number): number => {
    let value = source[at++] ?? 0
    if (bound > 256) value = value * 256 + (source[at++] ?? 0)
    return value % bound
  }
  return {
    int,
    pick: (from) => from[int(from.length)] as (typeof from)[number],
    oneIn: (times) => int(times) === times - 1,
    bytes: (length) => source.subarray(at, (at += length)),
    rest: () => source.subarray(at, (at = source.length)),
  }
}

/** Bytes without end from a seed (mulberry32): good enough to decide with, and the same everywhere. */
export function randomBytes(seed: number): (length: number) => Uint8Array {
  let state = seed >>> 0
  return (length) =>
    Uint8Array.from({ length }, () => {
      state = (state + 0x6d2b79f5) >>> 0
      let mixed = Math.imul(state ^ (state >>> 15), state | 1)
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
      return (mixed ^ (mixed >>> 14)) & 0xff
    })
}
