import { boundedCache } from '../lib/cache.ts'
import type { ClaimRules, NamesReader, NamesReaders } from '../options/rules.ts'
import type { KeySnapshot } from '../options/snapshot.ts'
import type { Clock } from '../lib/clock.ts'
import { discoveredLocation, fixedLocation } from './discovery.ts'
import type { AlgorithmName } from '../algorithms.ts'
import type { Fetch } from './fetch-json.ts'
import type { IssuerSettings } from '../options/issuer.ts'
import type { KeyCacheSettings } from '../options/key-cache.ts'
import { keyFetch } from './key-fetch.ts'
import { configuredKeys, secretKey } from './configured-keys.ts'
import type { KeySource } from './key-source.ts'
import { publishedKeys } from './key-cache.ts'
import { isPromise } from '../lib/maybe-promise.ts'
import { restoredKeys } from './snapshot.ts'
import type { MaybePromise } from '../types.ts'

/** An issuer whose tokens may be accepted, with everything needed to judge them. */
export interface TrustedIssuer {
  readonly issuer: string
  readonly rules: ClaimRules
  readonly algorithms: readonly AlgorithmName[]
  readonly keys: KeySource
  readonly scopesOf: NamesReader
  readonly rolesOf: NamesReader
  readonly keysIdentity: string
}

/** The issuers of one resource server. */
export interface Issuers {
  /** Finds an issuer by its exact name; `undefined` when it is not trusted. */
  readonly find: (name: string) => MaybePromise<TrustedIssuer | undefined>
  /** Whether an issuer that was found is still the one `find` would give, as far as that is known without asking. */
  readonly isCurrent: (issuer: TrustedIssuer) => boolean
  /** Those known by now. */
  readonly known: () => readonly TrustedIssuer[]
  /** Those the API cannot do without: written in the configuration. */
  readonly configured: () => readonly TrustedIssuer[]
}

/** Means of everything that is fetched. */
export interface NetworkOptions {
  readonly fetch: Fetch
  readonly clock: Clock
  readonly random: () => number
  readonly settings: KeyCacheSettings
  readonly snapshots: Readonly<Record<string, KeySnapshot>>
}

/** Settings of an issuer, with what reads scopes and roles in its tokens. */
export type IssuerWithReaders = IssuerSettings & NamesReaders

/** Gives an issuer its source of keys. */
export function trustedIssuer(settings: IssuerWithReaders, network: NetworkOptions): TrustedIssuer {
  return { ...settings, keys: keySource(settings, network) }
}

function keySource({ issuer, algorithms, keys }: IssuerSettings, network: NetworkOptions): KeySource {
  if (keys.from === 'secret') return secretKey(keys.key)
  if (keys.from === 'set') return configuredKeys(keys.set)
  const { fetch, clock, random, settings } = network
  const location =
    keys.from === 'uri'
      ? fixedLocation(keys.uri)
      : discoveredLocation({ issuer, fetch, clock, maxBytes: settings.maxBytes })
  const snapshot = Object.hasOwn(network.snapshots, issuer) ? network.snapshots[issuer] : undefined
  return publishedKeys({
    issuer,
    clock,
    random,
    settings,
    fetchKeys: keyFetch({ location, fetch, clock, random, algorithms, settings }),
    restored: restoredKeys(snapshot, algorithms, clock, settings),
  })
}

/** Issuers written in the configuration. */
export function fixedIssuers(issuers: readonly TrustedIssuer[]): Issuers {
  const byName = new Map(issuers.map((issuer) => [issuer.issuer, issuer]))
  return {
    find: (name) => byName.get(name),
    isCurrent: () => true,
    known: () => issuers,
    configured: () => issuers,
  }
}

/** Seconds after which the function that vouches for issuers is asked again. */
const vouchedFor = 600

/**
 * Issuers a function vouches for: asked once for any number of concurrent requests, its answer kept for ten
 * minutes. A name it does not vouch for is never contacted and never remembered.
 *
 * @param resolve calls the function, and checks what it returns; its errors pass through
 */
export function dynamicIssuers(
  resolve: (name: string) => MaybePromise<IssuerWithReaders | undefined>,
  network: NetworkOptions,
): Issuers {
  const { clock, settings } = network
  const vouched = boundedCache<{ issuer: TrustedIssuer; until: number }>({ max: settings.maxIssuers })
  const asking = new Map<string, Promise<TrustedIssuer | undefined>>()

  function remember(name: string, answer: IssuerWithReaders | undefined): TrustedIssuer | undefined {
    const before = vouched.get(name)?.issuer
    if (answer === undefined) {
      vouched.delete(name)
      return undefined
    }
    // New rules need no new fetch. Keys that are not fetched are taken as they are said now.
    const fetched = answer.keys.from === 'uri' || answer.keys.from === 'metadata'
    const issuer =
      fetched && before?.keysIdentity === answer.keysIdentity
        ? { ...answer, keys: before.keys }
        : trustedIssuer(answer, network)
    vouched.set(name, { issuer, until: clock.steady() + vouchedFor })
    return issuer
  }

  function current(name: string): TrustedIssuer | undefined {
    const entry = vouched.get(name)
    return entry !== undefined && clock.steady() < entry.until ? entry.issuer : undefined
  }

  return {
    find(name) {
      const issuer = current(name)
      if (issuer !== undefined) return issuer
      const underWay = asking.get(name)
      if (underWay !== undefined) return underWay
      const answer = resolve(name)
      if (!isPromise(answer)) return remember(name, answer)
      const pending = Promise.resolve(answer)
        .then((settled) => remember(name, settled))
        .finally(() => asking.delete(name))
      asking.set(name, pending)
      return pending
    },
    isCurrent: (issuer) => current(issuer.issuer) === issuer,
    known: () => [...vouched.values()].map(({ issuer }) => issuer),
    configured: () => [],
  }
}
