/** Keys as they were fetched, with what is needed to judge their age elsewhere. */
export interface KeySnapshot {
  readonly jwks: { readonly keys: readonly unknown[] }
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

/** Copies the `snapshot` option. @throws {TypeError} */
export function checkSnapshot(value: unknown): Snapshot {
  const { version, issuers } = (value ?? {}) as Partial<Snapshot>
  if (version !== 1 || typeof issuers !== 'object' || (issuers as unknown) === null) {
    throw new TypeError('snapshot: must be what api.snapshot() of this version returned')
  }
  return structuredClone(value) as Snapshot
}
