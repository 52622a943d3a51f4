import { warn } from '#platform'
import { fromHeader } from './http/credentials.ts'
import type { Fetch } from './issuer/fetch-json.ts'
import { dynamicIssuers } from './issuer/dynamic-issuers.ts'
import { fixedIssuers, type Issuers } from './issuer/issuers.ts'
import { type IssuerWithReaders, type NetworkOptions, trustedIssuer } from './issuer/trusted-issuer.ts'
import { type Clock, systemClock } from './lib/clock.ts'
import { andThen } from './lib/maybe-promise.ts'
import type { IssuerSettings } from './options/issuer.ts'
import type { Settings } from './options/settings.ts'
import type { VerifierOptions } from './token/jwt.ts'
import { tokenCache } from './token/remembered.ts'
import { rolesReader, scopesReader } from './token/scopes-and-roles.ts'
import type { Extractor } from './types.ts'

/** The parts a resource server is made of. */
export interface Parts<C> extends VerifierOptions<C> {
  readonly extract: Extractor
  readonly realm: string
  readonly optional: boolean
  readonly onError: 'respond' | 'throw'
}

/** Makes the parts that the settings describe. */
export function assemble<C>(settings: Settings<C>): Parts<C> {
  const { realm, optional, onError, maxTokenLength, schema } = settings
  const clock = systemClock(settings.now)
  for (const { message, code } of settings.warnings) warn(message, code)
  return {
    clock,
    issuers: issuersOf(settings, networkOf(settings, clock)),
    foreignIssuer: settings.issuers.from === 'options' ? 'issuer' : 'unknown_issuer',
    maxTokenLength,
    tokenCache: settings.tokenCache === undefined ? undefined : tokenCache(settings.tokenCache),
    schema,
    extract: settings.tokenFrom ?? fromHeader(),
    realm,
    optional,
    onError,
  }
}

function networkOf(settings: Settings<unknown>, clock: Clock): NetworkOptions {
  const { fetch, keyCache, snapshot, allowInsecureHosts } = settings
  const platformFetch: Fetch = (url, init) => globalThis.fetch(url, init)
  return {
    fetch: (fetch as Fetch | undefined) ?? platformFetch,
    clock,
    random: Math.random,
    settings: keyCache,
    snapshots: snapshot?.issuers ?? {},
    allowInsecureHosts,
  }
}

function issuersOf({ issuers, hookTimeoutMs }: Settings<unknown>, network: NetworkOptions): Issuers {
  if (issuers.from !== 'function') {
    return fixedIssuers(issuers.issuers.map((settings) => trustedIssuer(withReaders(settings), network)))
  }
  const { resolve, settingsOf } = issuers
  return dynamicIssuers({
    ...network,
    resolve: (name) =>
      andThen(resolve(name), (answer) => {
        const settings = settingsOf(name, answer)
        return settings === undefined ? undefined : withReaders(settings)
      }),
    hookTimeoutMs,
  })
}

function withReaders(settings: IssuerSettings): IssuerWithReaders {
  return { ...settings, scopesOf: scopesReader(settings.scopes), rolesOf: rolesReader(settings.roles) }
}
