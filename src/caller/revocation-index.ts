import { type Expiring, expiringEntries } from '../lib/expiring.ts'
import type { EntryKind, RevocableToken, RevocationEntry } from '../stores.ts'
import type { MaybePromise } from '../types.ts'

/** Entries in memory, found by a few look-ups whatever their number. */
export interface RevocationIndex {
  /** @returns `false` when it is full: the entry was not added, and nothing was forgotten */
  readonly add: (entry: RevocationEntry) => boolean
  readonly has: (token: RevocableToken) => MaybePromise<boolean>
  readonly size: () => number
}

/** The entries of one kind, by value. None is found for a token that has no such value. */
type Entries = Map<string | undefined, Found>

interface Found extends Expiring {
  readonly issuer: string | undefined
  readonly kind: EntryKind
  readonly value: string
  /** Whole seconds; `Infinity`: whenever the token was issued. */
  issuedBefore: number
}

/** The entries of one issuer, or of all. */
type Kinds = Readonly<Record<EntryKind, Entries>>

/** Seconds by which an entry may be forgotten late. Entries live for a day: small groups would take memory. */
const forgottenWithin = 16

/**
 * Makes an index.
 *
 * @param max entries
 * @param now seconds of the clock by which entries expire
 */
export function revocationIndex(max: number, now: () => number): RevocationIndex {
  const ofAll = newKinds()
  const byIssuer = new Map<string, Kinds>()
  const expiring = expiringEntries<Found>(
    now,
    ({ issuer, kind, value }) => {
      const kinds = kindsOf(issuer)
      kinds[kind].delete(value)
      if (issuer !== undefined && Object.values(kinds).every((entries) => entries.size === 0)) {
        byIssuer.delete(issuer)
      }
    },
    forgottenWithin,
  )

  const knownKindsOf = (issuer: string | undefined): Kinds | undefined =>
    issuer === undefined ? ofAll : byIssuer.get(issuer)

  function kindsOf(issuer: string | undefined): Kinds {
    const known = knownKindsOf(issuer)
    if (known !== undefined) return known
    const kinds = newKinds()
    byIssuer.set(issuer as string, kinds)
    return kinds
  }

  return {
    add({ kind, issuer, value, issuedBefore = Infinity, lifetime }) {
      expiring.sweep()
      const expiresAt = now() + lifetime
      const known = knownKindsOf(issuer)?.[kind].get(value)
      if (known !== undefined) {
        // The later one includes the earlier one.
        known.issuedBefore = Math.max(known.issuedBefore, issuedBefore)
        expiring.prolong(known, expiresAt)
        return true
      }
      if (expiring.size() >= max) return false
      const entry: Found = { issuer, kind, value, issuedBefore, expiresAt }
      kindsOf(issuer)[kind].set(value, entry)
      expiring.add(entry)
      return true
    },
    has(token) {
      if (expiring.size() === 0) return false
      const ofIssuer = byIssuer.get(token.issuer)
      if (isIn(ofAll, token) || (ofIssuer !== undefined && isIn(ofIssuer, token))) return true
      // A hash takes time. It is needed for tokens that cannot be named, if one of these was revoked.
      const hashes = token.jti === undefined ? ofIssuer?.hash : undefined
      if (hashes === undefined || hashes.size === 0) return false
      const hash = token.hash()
      return typeof hash === 'string' ? hashes.has(hash) : hash.then((it) => hashes.has(it))
    },
    size() {
      expiring.sweep()
      return expiring.size()
    },
  }
}

function newKinds(): Kinds {
  return { jti: new Map(), hash: new Map(), subject: new Map(), session: new Map(), client: new Map() }
}

function isIn(kinds: Kinds, { issuedAt, jti, subject, session, client }: RevocableToken): boolean {
  return (
    kinds.jti.has(jti) ||
    isUpTo(kinds.subject, subject, issuedAt) ||
    isUpTo(kinds.session, session, issuedAt) ||
    isUpTo(kinds.client, client, issuedAt)
  )
}

function isUpTo(entries: Entries, value: string | undefined, issuedAt: number): boolean {
  const found = entries.get(value)
  return found !== undefined && issuedAt <= found.issuedBefore
}
