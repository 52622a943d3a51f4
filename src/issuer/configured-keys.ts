import { InvalidTokenError } from '../errors.ts'
import { misfitHint, unknownKeyHint } from '../hints/key.ts'
import { chooseKey, type KeySet } from '../jose/key-set.ts'
import type { VerificationKey } from '../jose/jwk.ts'
import { isPromise } from '../lib/maybe-promise.ts'
import { own } from '../lib/objects.ts'
import type { JwtHeader, MaybePromise } from '../types.ts'
import type { KeyEvents } from './key-events.ts'
import type { KeySource } from './key-source.ts'

/**
 * Keys written in the configuration. One without `kid` serves tokens of any `kid` that no other key has.
 *
 * @param events counts wrong signatures
 */
export function configuredKeys(set: MaybePromise<KeySet>, events: KeyEvents): KeySource {
  let imported = isPromise(set) ? undefined : set
  const arriving = Promise.resolve(set).then((keys) => (imported = keys))
  // find() reports the error.
  arriving.catch(() => undefined)
  return {
    find: (header) =>
      imported === undefined ? arriving.then((keys) => chosenKey(keys, header)) : chosenKey(imported, header),
    stillHas: (header, key) =>
      imported === undefined
        ? arriving.then((keys) => chooseKey(keys, header, 'any kid') === key)
        : chooseKey(imported, header, 'any kid') === key,
    afterBadSignature() {
      events.count('badSignatures')
      return undefined
    },
    ready: () => arriving.then(() => undefined),
    ...neverFetched,
    health: () => ({
      state: 'configured',
      ageSeconds: undefined,
      keyCount: imported?.keys.length ?? 0,
      refusedKeys: imported?.refused ?? [],
      lastError: undefined,
      counters: events.counters(),
    }),
  }
}

/** The members of a {@link KeySource} that fetches nothing. */
export const neverFetched: Pick<KeySource, 'refresh' | 'pending' | 'snapshot' | 'publishedJwks'> = {
  refresh: () => Promise.resolve(),
  pending: () => undefined,
  snapshot: () => undefined,
  publishedJwks: () => undefined,
}

/** The key for a token, from a set that is never refetched. @throws {InvalidTokenError} */
function chosenKey(set: KeySet, header: JwtHeader): VerificationKey {
  const found = chooseKey(set, header, 'any kid')
  if (typeof found === 'string') throw noKey(found, header)
  return found
}

/**
 * The refusal of a token for which a set has no key: `misfit` when the key is there, but for another algorithm.
 *
 * @param issuer whose keys they are, where that is known
 */
export function noKey(
  outcome: 'absent' | 'ambiguous' | 'misfit',
  header: JwtHeader,
  issuer = '',
): InvalidTokenError {
  if (outcome === 'misfit') {
    const detail = {
      claim: 'alg',
      expected: 'the algorithm of the key',
      actual: header.alg,
      hint: misfitHint,
    }
    return new InvalidTokenError('algorithm', { detail })
  }
  const hint = unknownKeyHint(outcome, header, issuer)
  return new InvalidTokenError('unknown_key', { detail: { claim: 'kid', actual: own(header, 'kid'), hint } })
}
