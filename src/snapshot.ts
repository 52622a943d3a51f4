import type { KeySnapshot } from './key-source.ts'

/**
 * The fetched keys of a resource server with their age, as plain JSON. Whoever can change it decides whose tokens
 * are accepted: keep it where the code is kept.
 */
export interface Snapshot {
  readonly version: 1
  readonly issuers: Readonly<Record<string, KeySnapshot>>
}
