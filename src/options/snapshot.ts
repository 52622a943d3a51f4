import { own } from '../lib/objects.ts'

/** Keys as they were fetched, with what is needed to know their age elsewhere. */
export interface KeySnapshot {
  readonly jwks: { readonly keys: readonly unknown[] }
  /** Where the configuration had them fetched from. They are used for the same place only. */
  readonly place?: string | undefined
  /** Where they were fetched from. */
  readonly uri?: string | undefined
  readonly etag?: string | undefined
  readonly lastModified?: string | undefined
  /** Seconds since the epoch. */
  readonly fetchedAt: number
  /** Seconds they are fresh from then on. */
  readonly freshFor: number
}

/**
 * The fetched keys of a resource server with their age, as plain JSON. Whoever can change it decides whose tokens
 * are accepted: keep it where the code is kept.
 */
export interface Snapshot {
  readonly version: 1
  readonly issuers: Readonly<Record<string, KeySnapshot>>
}

const message = 'snapshot: must be what api.snapshot() of this version returned'

/** Copies the `snapshot` option. @throws {TypeError} */
export function checkSnapshot(value: unknown): Snapshot {
  const issuers = own(Object(value) as object, 'issuers')
  if (own(Object(value) as object, 'version') !== 1 || typeof issuers !== 'object' || issuers === null) {
    throw new TypeError(message)
  }
  try {
    return { version: 1, issuers: structuredClone(issuers) as Snapshot['issuers'] }
  } catch (cause) {
    throw new TypeError(message, { cause })
  }
}
