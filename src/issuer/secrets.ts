import { algorithms, isAlgorithmName } from '../algorithms.ts'
import { UpstreamError } from '../errors.ts'
import type { VerificationKey } from '../jose/jwk.ts'
import { keyMaterialIn } from '../jose/published.ts'
import { andThen } from '../lib/maybe-promise.ts'
import type { Secret } from '../options/secret.ts'
import type { JwtHeader, MaybePromise } from '../types.ts'
import { neverFetched, noKey } from './configured-keys.ts'
import type { KeyEvents } from './key-events.ts'
import type { KeySource } from './key-source.ts'

/**
 * Secrets shared with an issuer, tried one after the other; `kid` chooses none of them.
 *
 * A secret that is one of the issuer's public keys is never used again: anyone could sign with it. Tokens wait until
 * the public keys were fetched once, and get 503 when they are not available.
 *
 * @param events counts wrong signatures
 * @param published the public keys of the same issuer, where they are fetched
 */
export function secretKeys(
  secrets: readonly Secret[],
  events: KeyEvents,
  published: KeySource | undefined,
): KeySource {
  const { usable, trusted } =
    published === undefined
      ? { usable: () => secrets, trusted: () => secrets }
      : comparedSecrets(secrets, published)

  function another(found: readonly Secret[], key: VerificationKey): VerificationKey | undefined {
    const next = found[1 + found.findIndex((secret) => secret.key === key)]
    if (next === undefined) events.count('badSignatures')
    return next?.key
  }

  return {
    find: (header) =>
      andThen(trusted(), ([first]) => {
        if (first === undefined) throw noKey('absent', header)
        return first.key
      }),
    stillHas: (_header, key) => andThen(trusted(), (found) => found.some((secret) => secret.key === key)),
    afterBadSignature: (_header, key) => andThen(trusted(), (found) => another(found, key)),
    ready: () => undefined,
    ...neverFetched,
    health: () => ({
      state: 'configured',
      ageSeconds: undefined,
      keyCount: usable().length,
      refusedKeys: [],
      lastError:
        usable().length < secrets.length ? 'a secret is one of the public keys, and is not used' : undefined,
      counters: events.counters(),
    }),
  }
}

/** Secrets that may be used. */
interface UsableSecrets {
  /** Those that were not found among the public keys so far. */
  readonly usable: () => readonly Secret[]
  /** The same, compared with the newest public keys. @throws {UpstreamError} when there are none */
  readonly trusted: () => MaybePromise<readonly Secret[]>
}

function comparedSecrets(secrets: readonly Secret[], published: KeySource): UsableSecrets {
  const findIn = keyMaterialIn(secrets.map(({ bytes }) => bytes))
  let usable = secrets
  let compared: unknown
  let knownKeys: ReadonlySet<string> = new Set()

  /** Compares the secrets with the keys that were not there before. */
  function compareWith(keys: readonly unknown[]): void {
    const entries = new Map(keys.map((jwk) => [JSON.stringify(jwk), jwk]))
    const found = [...entries].filter(([text]) => !knownKeys.has(text)).flatMap(([, jwk]) => [...findIn(jwk)])
    usable = usable.filter(({ bytes }) => !found.includes(bytes))
    knownKeys = new Set(entries.keys())
  }

  /** @returns `false` when there are no public keys to compare the secrets with */
  function compare(): boolean {
    const jwks = published.publishedJwks()
    if (jwks !== undefined && jwks !== compared) {
      compareWith(jwks.keys)
      compared = jwks
    }
    return compared !== undefined
  }

  return {
    usable: () => usable,
    trusted() {
      if (compare()) return usable
      return andThen(published.ready(), () => {
        if (compare()) return usable
        throw new UpstreamError(1, {
          detail: { hint: 'the secrets cannot be compared with the public keys' },
        })
      })
    },
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
        counters: {
          ...ofPublished.counters,
          badSignatures: ofPublished.counters.badSignatures + ofSecrets.counters.badSignatures,
        },
      }
    },
  }
}
