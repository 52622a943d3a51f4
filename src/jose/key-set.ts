import type { AlgorithmName } from '../algorithms.ts'
import { own } from '../lib/objects.ts'
import { importKey, judgeKey, type JudgedKey, type KeyRefusal, type VerificationKey } from './jwk.ts'
import { isPromise } from '../lib/maybe-promise.ts'
import type { JwtHeader, MaybePromise } from '../types.ts'

/** The usable keys of one issuer. */
export interface KeySet {
  readonly keys: readonly VerificationKey[]
  readonly byKeyId: ReadonlyMap<string, readonly VerificationKey[]>
  readonly withoutKeyId: readonly VerificationKey[]
  /** Entries that are not used, with the reason, for operators. */
  readonly refused: readonly { readonly index: number; readonly reason: KeyRefusal }[]
}

/** A JWK Set that cannot be used as a whole. Its message names no content. */
export class UnusableKeySetError extends Error {
  override readonly name = 'UnusableKeySetError'
  /** Entries that are not used, with the reason, for operators. */
  readonly refused: KeySet['refused']

  constructor(message: string, refused: KeySet['refused'] = []) {
    super(message)
    this.refused = refused
  }
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
  const { judged, refused } = judgeKeys(entriesOf(value, maxKeys), allowed)
  const before = new Map(previous?.keys.map((key) => [identityOf(key), key]))
  const imported = judged.map((key) => before.get(identityOf(key)) ?? importKey(key))
  return imported.some(isPromise)
    ? Promise.all(imported).then((keys) => collect(keys, judged, refused))
    : collect(imported as (VerificationKey | KeyRefusal)[], judged, refused)
}

/** A key with the place of its entry. */
interface PlacedKey extends JudgedKey {
  readonly index: number
}

/** Sorts the entries of a set. One key under one id is one key, however many entries list it. */
function judgeKeys(
  entries: readonly unknown[],
  allowed: readonly AlgorithmName[],
): { readonly judged: readonly PlacedKey[]; readonly refused: KeySet['refused'] } {
  const encryptionKeysToo = entries.some((entry) => memberOf(entry, 'use') === 'enc')
  const refused: { index: number; reason: KeyRefusal }[] = []
  const judged = new Map<string, PlacedKey>()
  entries.forEach((entry, index) => {
    const key = judgeKey(entry, allowed)
    if (typeof key === 'string') {
      refused.push({ index, reason: key })
    } else if (
      // Where a set has keys for both purposes, `use` must be present (RFC 8414 §2).
      encryptionKeysToo &&
      memberOf(entry, 'use') === undefined &&
      memberOf(entry, 'key_ops') === undefined
    ) {
      refused.push({ index, reason: 'use' })
    } else {
      const name = JSON.stringify([key.kid, key.material])
      const listed = judged.get(name)
      judged.set(name, listed === undefined ? { ...key, index } : withAlgorithmsOf(listed, key, allowed))
    }
  })
  return { judged: [...judged.values()], refused }
}

/** A key that is listed twice serves the algorithms of both entries. */
function withAlgorithmsOf(key: PlacedKey, other: JudgedKey, allowed: readonly AlgorithmName[]): PlacedKey {
  const both = [...key.algorithms, ...other.algorithms]
  return { ...key, algorithms: allowed.filter((name) => both.includes(name)) }
}

/** Equal for an entry that was only published again: with the same id, for the same algorithms. */
function identityOf({ kid, algorithms, material }: JudgedKey | VerificationKey): string {
  return JSON.stringify([kid, algorithms, material])
}

function entriesOf(value: unknown, maxKeys: number): readonly unknown[] {
  const keys = typeof value === 'object' && value !== null ? own(value, 'keys') : undefined
  if (!Array.isArray(keys)) throw new UnusableKeySetError('the response is not a JWK Set')
  if (keys.length > maxKeys) throw new UnusableKeySetError(`the JWK Set has more than ${maxKeys} keys`)
  return keys
}

function memberOf(entry: unknown, name: string): unknown {
  return typeof entry === 'object' && entry !== null ? own(entry, name) : undefined
}

function collect(
  imported: readonly (VerificationKey | KeyRefusal)[],
  judged: readonly PlacedKey[],
  refusedBefore: KeySet['refused'],
): KeySet {
  const keys: VerificationKey[] = []
  const refused = [...refusedBefore]
  imported.forEach((key, place) => {
    if (typeof key === 'string') refused.push({ index: (judged[place] as PlacedKey).index, reason: key })
    else keys.push(key)
  })
  refused.sort((one, other) => one.index - other.index)
  if (keys.length === 0) throw new UnusableKeySetError('the JWK Set has no usable key', refused)
  const byKeyId = new Map<string, VerificationKey[]>()
  for (const key of keys) {
    if (key.kid === undefined) continue
    const sharing = byKeyId.get(key.kid)
    if (sharing === undefined) byKeyId.set(key.kid, [key])
    else sharing.push(key)
  }
  return { keys, byKeyId, withoutKeyId: keys.filter(({ kid }) => kid === undefined), refused }
}

/**
 * Finds the one key a token must be signed with: by `kid` and `alg`, or by `alg` alone where the token names no
 * key and exactly one fits.
 *
 * @param unknown what serves a token whose `kid` no key has: nothing, or with `any kid` the one key without `kid` that
 * fits
 * @returns `absent` when a newer set may have the key, `ambiguous` when several fit, `misfit` when the key is
 * there but not for this algorithm (RFC 8725 §3.1)
 */
export function chooseKey(
  set: KeySet,
  header: JwtHeader,
  unknown: 'nothing' | 'any kid' = 'nothing',
): VerificationKey | 'absent' | 'ambiguous' | 'misfit' {
  // Written out: on every request, and own() meets objects of too many kinds for V8 to make it fast.
  const kid = Object.hasOwn(header, 'kid') ? header.kid : undefined
  const named = kid === undefined ? undefined : set.byKeyId.get(kid)
  if (named === undefined && kid !== undefined && unknown === 'nothing') return 'absent'
  // Nearly always one key has the id.
  const only = named?.length === 1 ? named[0] : undefined
  if (only !== undefined) return serves(only, header) ? only : 'misfit'
  let chosen: VerificationKey | undefined
  for (const key of named ?? (kid === undefined ? set.keys : set.withoutKeyId)) {
    if (!serves(key, header)) continue
    // One key under two ids is one key, too.
    if (chosen !== undefined && chosen.material !== key.material) return 'ambiguous'
    chosen ??= key
  }
  return chosen ?? (named === undefined ? 'absent' : 'misfit')
}

function serves(key: VerificationKey, { alg }: JwtHeader): boolean {
  return key.algorithms.includes(alg as AlgorithmName)
}
