import { algorithms, isAlgorithmName } from '../algorithms.ts'
import { isKeyMaterial } from '../jose/published.ts'
import { andThen } from '../lib/maybe-promise.ts'
import type { Secret } from '../options/secret.ts'
import type { JwtHeader, MaybePromise } from '../types.ts'
import { neverFetched, noKey } from './configured-keys.ts'
import { noEvents } from './key-events.ts'
import type { KeySource } from './key-source.ts'

/**
 * Secrets shared with an issuer, tried one after the other; `kid` chooses none of them.
 *
 * A secret that turns out to be one of the issuer's public keys is never used again: anyone could sign with it.
 * Until the public keys were fetched once, nobody can tell, and tokens wait for them.
 *
 * @param published the public keys of the same issuer, where they are fetched
 */
export function secretKeys(secrets: readonly Secret[], published?: KeySource): KeySource {
  let usable = secrets
  let compared: unknown

  function compare(): void {
    const jwks = published?.snapshot()?.jwks
    if (jwks === undefined || jwks === compared) return
    compared = jwks
    usable = usable.filter(({ bytes }) => !jwks.keys.some((jwk) => isKeyMaterial(bytes, jwk)))
  }

  function trusted(): MaybePromise<readonly Secret[]> {
    if (published === undefined) return secrets
    compare()
    if (compared !== undefined) return usable
    return andThen(published.ready(), () => {
      compare()
      return compared === undefined ? [] : usable
    })
  }

  return {
    find: (header) =>
      andThen(trusted(), ([first]) => {
        if (first === undefined) throw noKey('absent', header)
        return first.key
      }),
    stillHas: (_header, key) => andThen(trusted(), (found) => found.some((secret) => secret.key === key)),
    afterBadSignature: (_header, key) =>
      andThen(trusted(), (found) => found[1 + found.findIndex((secret) => secret.key === key)]?.key),
    ready: () => undefined,
    ...neverFetched,
    health: () => ({
      state: 'configured',
      ageSeconds: undefined,
      keyCount: usable.length,
      refusedKeys: [],
      lastError:
        usable.length < secrets.length ? 'a secret is one of the public keys, and is not used' : undefined,
      counters: noEvents,
    }),
  }
}

/** Public keys and secrets of one issuer: `alg` decides, and neither is ever used for an algorithm of the other. */
export function keysByAlgorithm(published: KeySource, secrets: KeySource): KeySource {
  const sourceFor = ({ alg }: JwtHeader): KeySource =>
    isAlgorithmName(alg) && algorithms[alg].kty === 'oct' ? secrets : published
  return {
    ...published,
    find: (header) => sourceFor(header).find(header),
    stillHas: (header, key) => sourceFor(header).stillHas(header, key),
    afterBadSignature: (header, key) => sourceFor(header).afterBadSignature(header, key),
    health() {
      const [ofPublished, ofSecrets] = [published.health(), secrets.health()]
      return {
        ...ofPublished,
        keyCount: ofPublished.keyCount + ofSecrets.keyCount,
        lastError: ofPublished.lastError ?? ofSecrets.lastError,
      }
    },
  }
}
