import type { AlgorithmName } from '../algorithms.ts'
import type { Clock } from '../lib/clock.ts'
import type { IssuerSettings } from '../options/issuer.ts'
import type { KeyCacheSettings } from '../options/key-cache.ts'
import type { ClaimRules, NamesReaders } from '../options/rules.ts'
import type { KeySnapshot } from '../options/snapshot.ts'
import { configuredKeys, secretKey } from './configured-keys.ts'
import { discoveredLocation, fixedLocation } from './discovery.ts'
import type { Fetch } from './fetch-json.ts'
import { publishedKeys } from './key-cache.ts'
import { keyFetch } from './key-fetch.ts'
import type { KeySource } from './key-source.ts'
import { restoredKeys } from './snapshot.ts'

/** An issuer whose tokens may be accepted, with everything needed to judge them. */
export interface TrustedIssuer extends NamesReaders {
  /** Exactly as `iss` has it. */
  readonly name: string
  readonly rules: ClaimRules
  readonly algorithms: readonly AlgorithmName[]
  readonly keys: KeySource
  /** Another one whenever the rules or the place of the keys change: what was verified before is verified again. */
  readonly generation: symbol
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
  const { issuer: name, rules, algorithms, scopesOf, rolesOf } = settings
  const keys = keySource(settings, network)
  return { name, rules, algorithms, keys, scopesOf, rolesOf, generation: Symbol(name) }
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
