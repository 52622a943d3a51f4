import type { AlgorithmName } from '../algorithms.ts'
import { own } from '../lib/objects.ts'
import { importKey, judgeKey, type JudgedKey, type KeyRefusal, type VerificationKey } from './jwk.ts'
import { isPromise } from '../lib/maybe-promise.ts'
import type { JwtHeader, MaybePromise } from '../types.ts'

/** The usable keys of one issuer. */
export interface KeySet {
  readonly keys: readonly VerificationKey[]
  readonly byKeyId: ReadonlyMap<string, readonly VerificationKey[]>
  /** Entries that are not used, with the reason, for operators. */
  readonly refused: readonly { readonly index: number; readonly reason: KeyRefusal }[]
}

/** A JWK Set that cannot be used as a whole. Its message names no content. */
export class UnusableKeySetError extends Error {
  override readonly name = 'UnusableKeySetError'
}

/**
 * Judges and imports a JWK Set. Entries that cannot be used are left out (RFC 7517 §5); a set without any
 * usable key is refused as a whole.
 *
 * @param previous keys that are in the new set too are taken over from here, so that what was verified with
 * them stays verified.
 * @throws {UnusableKeySetError} at once or as a rejection
 */
export function importKeySet(
  value: unknown,
  allowed: readonly AlgorithmName[],
  maxKeys: number,
  previous?: KeySet,
): MaybePromise<KeySet> {
  const entries = entriesOf(value, maxKeys)
  const encryptionKeysToo = entries.some((entry) => memberOf(entry, 'use') === 'enc')
  const known = new Map(previous?.keys.map((key) => [key.identity, key]))
  const results = entries.map((entry) => {
    const judged = judgeKey(entry, allowed)
    if (typeof judged === 'string') return judged
    // Where a set holds keys for both purposes, `use` has to say which is which (RFC 8414 §2).
    if (
      encryptionKeysToo &&
      memberOf(entry, 'use') === undefined &&
      memberOf(entry, 'key_ops') === undefined
    ) {
      return 'use'
    }
    return known.get(judged.identity) ?? importOnce(known, judged)
  })
  return results.some(isPromise)
    ? Promise.all(results).then(collect)
    : collect(results as (VerificationKey | KeyRefusal)[])
}

function importOnce(
  known: Map<string, VerificationKey>,
  judged: JudgedKey,
): MaybePromise<VerificationKey | KeyRefusal> {
  const imported = importKey(judged)
  if (!isPromise(imported) && typeof imported !== 'string') known.set(judged.identity, imported)
  return imported
}

function entriesOf(value: unknown, maxKeys: number): readonly unknown[] {
  const keys = typeof value === 'object' && value !== null ? own(value, 'keys') : undefined
  if (!Array.isArray(keys)) throw new UnusableKeySetError('the answer is not a JWK Set')
  if (keys.length > maxKeys) throw new UnusableKeySetError(`the JWK Set has more than ${maxKeys} keys`)
  return keys
}

function memberOf(entry: unknown, name: string): unknown {
  return typeof entry === 'object' && entry !== null ? own(entry, name) : undefined
}

function collect(results: readonly (VerificationKey | KeyRefusal)[]): KeySet {
  const keys = new Map<string, VerificationKey>()
  const refused: { index: number; reason: KeyRefusal }[] = []
  results.forEach((result, index) => {
    if (typeof result === 'string') refused.push({ index, reason: result })
    // The same entry twice is one key.
    else keys.set(result.identity, result)
  })
  if (keys.size === 0) throw new UnusableKeySetError('the JWK Set has no usable key')
  const byKeyId = new Map<string, VerificationKey[]>()
  for (const key of keys.values()) {
    if (key.kid === undefined) continue
    const sharing = byKeyId.get(key.kid)
    if (sharing === undefined) byKeyId.set(key.kid, [key])
    else sharing.push(key)
  }
  return { keys: [...keys.values()], byKeyId, refused }
}

/**
 * Finds the one key a token must be signed with: by `kid` and `alg`, or by `alg` alone where the token names no
 * key and exactly one fits.
 *
 * @returns `absent` when a newer set may have the key, `ambiguous` when several fit, `misfit` when the key is
 * there but not for this algorithm (RFC 8725 §3.1)
 */
export function chooseKey(
  set: KeySet,
  header: JwtHeader,
): VerificationKey | 'absent' | 'ambiguous' | 'misfit' {
  const kid = own(header, 'kid') as string | undefined
  const named = kid === undefined ? set.keys : set.byKeyId.get(kid)
  if (named === undefined) return 'absent'
  let chosen: VerificationKey | undefined
  for (const key of named) {
    if (!key.algorithms.includes(header.alg as AlgorithmName)) continue
    if (chosen !== undefined) return 'ambiguous'
    chosen = key
  }
  return chosen ?? (kid === undefined ? 'absent' : 'misfit')
}
