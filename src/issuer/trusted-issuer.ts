import type { AlgorithmName } from '../algorithms.ts'
import type { NamesFrom } from '../hints/names.ts'
import type { Clock } from '../lib/clock.ts'
import type { IssuerSettings } from '../options/issuer.ts'
import type { KeyCacheSettings } from '../options/key-cache.ts'
import type { ConfiguredKeys } from '../options/keys.ts'
import type { ClaimRules, NamesReaders } from '../options/rules.ts'
import type { KeySnapshot } from '../options/snapshot.ts'
import { type Allowance, type FetchBudget, fetchBudget, unlimited } from './budget.ts'
import { configuredKeys } from './configured-keys.ts'
import { discoveredLocation, fixedLocation, type KeyLocation } from './discovery.ts'
import type { Fetch } from './fetch-json.ts'
import { fetchWarnings, type Warnings } from './fetch-warnings.ts'
import { publishedKeys } from './key-cache.ts'
import { keyFetch } from './key-fetch.ts'
import type { Introspection } from './introspection.ts'
import { issuerIntrospection } from './issuer-introspection.ts'
import { keyEvents } from './key-events.ts'
import type { KeySource } from './key-source.ts'
import { keysByAlgorithm, secretKeys } from './secrets.ts'
import { restoredKeys } from './snapshot.ts'

/** An issuer whose tokens may be accepted, with everything needed to verify them. */
export interface TrustedIssuer extends NamesReaders {
  /** Exactly as `iss` has it. */
  readonly name: string
  readonly rules: ClaimRules
  readonly algorithms: readonly AlgorithmName[]
  readonly keys: KeySource
  /** Asks it about tokens, where that is set up. */
  readonly introspection: Introspection | undefined
  /** Another one whenever the rules or the place of the keys change: what was verified before is verified again. */
  readonly generation: symbol
  /** Where its scopes and roles are read. */
  readonly namesFrom: NamesFrom
}

/** Means of everything that is fetched. */
export interface NetworkOptions {
  readonly fetch: Fetch
  readonly clock: Clock
  /** A number from 0 up to 1. */
  readonly random: () => number
  readonly settings: KeyCacheSettings
  readonly snapshots: Readonly<Record<string, KeySnapshot>>
  /** `host` or `host:port` for which plain http is accepted. */
  readonly allowInsecureHosts: readonly string[]
  /** Left out: nobody is warned. */
  readonly warnings?: Warnings | undefined
}

/** Settings of an issuer, with what reads scopes and roles in its tokens. */
export type IssuerWithReaders = IssuerSettings & NamesReaders

/** What {@link publishedSource} works with apart from the network. */
export interface SourceOptions {
  readonly budget: FetchBudget
  readonly allowance: Allowance
  readonly snapshot: KeySnapshot | undefined
}

/** Gives an issuer of the configuration its source of keys. */
export function trustedIssuer(settings: IssuerWithReaders, network: NetworkOptions): TrustedIssuer {
  const { clock, random, snapshots } = network
  const snapshot = Object.hasOwn(snapshots, settings.issuer) ? snapshots[settings.issuer] : undefined
  const budget = fetchBudget(clock.steady, random)
  const published = publishedSource(settings, network, { budget, allowance: unlimited, snapshot })
  return issuerOf(settings, published, network)
}

/**
 * Makes an issuer of its settings, as a new generation.
 *
 * @param published the source of the keys it publishes, where they are fetched
 */
export function issuerOf(
  settings: IssuerWithReaders,
  published: KeySource | undefined,
  network: NetworkOptions,
): TrustedIssuer {
  const { issuer: name, rules, algorithms, scopesOf, rolesOf } = settings
  const keys = keySource(name, settings.keys, published)
  const introspection = introspectionOf(settings, keys, network)
  const namesFrom = { scopes: scopesOf.claimNames, roles: rolesOf.claimNames }
  return {
    name,
    rules,
    algorithms,
    keys,
    introspection,
    scopesOf,
    rolesOf,
    namesFrom,
    generation: Symbol(name),
  }
}

function introspectionOf(
  { issuer, introspection, algorithms, rules }: IssuerWithReaders,
  keys: KeySource,
  network: NetworkOptions,
): Introspection | undefined {
  if (introspection === undefined) return undefined
  const { clockTolerance } = rules
  const { maxBytes } = network.settings
  return issuerIntrospection({
    ...network,
    issuer,
    introspection,
    algorithms,
    clockTolerance,
    keys,
    maxBytes,
  })
}

function keySource(
  name: string,
  { public: place, secrets }: ConfiguredKeys,
  published: KeySource | undefined,
): KeySource {
  const publicKeys = place?.from === 'set' ? configuredKeys(place.set, keyEvents(name)) : published
  if (publicKeys !== undefined && secrets.length === 0) return publicKeys
  // With a literal set the secrets were compared at construction.
  const ofSecrets = secretKeys(secrets, keyEvents(name), published)
  return publicKeys === undefined ? ofSecrets : keysByAlgorithm(publicKeys, ofSecrets)
}

/** Where the keys are fetched from and what for: equal for settings that may share them. `undefined`: not fetched. */
export function placeOf({ issuer, algorithms, keys }: IssuerSettings): string | undefined {
  const place = keys.public
  if (place === undefined || place.from === 'set') return undefined
  return JSON.stringify([issuer, place, algorithms])
}

/** The source of the keys an issuer publishes; `undefined` where they are not fetched. */
export function publishedSource(
  { issuer, algorithms, keys }: IssuerSettings,
  { fetch, clock, random, settings, allowInsecureHosts, warnings }: NetworkOptions,
  { budget, allowance, snapshot }: SourceOptions,
): KeySource | undefined {
  const place = keys.public
  if (place === undefined || place.from === 'set') return undefined
  const { maxBytes } = settings
  const location =
    place.from === 'uri'
      ? fixedLocation(place.uri)
      : discoveredLocation({ issuer, url: place.url, fetch, clock, maxBytes, allowInsecureHosts })
  const keyPlace = {
    name: JSON.stringify([issuer, place]),
    uri: place.from === 'uri' ? place.uri : undefined,
  }
  return publishedKeys({
    issuer,
    clock,
    random,
    settings,
    budget,
    allowance,
    fetchKeys: (previous, located) =>
      keyFetch({ location: reporting(location, located), fetch, clock, random, algorithms, settings })(
        previous,
      ),
    place: keyPlace.name,
    warnings: warnings && fetchWarnings(issuer, allowance.isProven, warnings),
    restored: restoredKeys(snapshot, algorithms, clock, settings, keyPlace),
  })
}

/** A location whose URL is known. */
function reporting(location: KeyLocation, located: (uri: string) => void): KeyLocation {
  return {
    locate: (use, exchange) =>
      location.locate((uri) => {
        located(uri)
        return use(uri)
      }, exchange),
  }
}
