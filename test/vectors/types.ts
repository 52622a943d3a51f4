import type { JsonWebKey } from 'node:crypto'

/** The verdict on a token: `accepted`, or the reason of the refusal; `refused` leaves the reason open. */
export type Verdict = string

/** A token, to be judged with the common key set. */
export interface TokenVector {
  readonly id: string
  readonly comment: string
  readonly flags: readonly string[]
  readonly token: string
  readonly verdict: Verdict
}

/** A key set, to judge one token with; `unusable` when the set as a whole is none. */
export interface KeySetVector extends TokenVector {
  readonly jwks: { readonly keys: readonly unknown[] }
}

/** The file `vectors.json`. */
export interface Vectors {
  readonly description: string
  readonly seed: string
  readonly issuer: string
  readonly audience: string
  /** Seconds since the epoch at which all of it is judged. */
  readonly now: number
  /** Seconds. */
  readonly clockTolerance: number
  /** Keys that signed, so that anyone can make more. For nothing else: everybody knows them. */
  readonly privateKeys: Readonly<Record<string, JsonWebKey>>
  readonly jwks: { readonly keys: readonly unknown[] }
  readonly tokens: readonly TokenVector[]
  readonly keySets: readonly KeySetVector[]
}
