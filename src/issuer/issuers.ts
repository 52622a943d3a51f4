import { boundedCache } from '../lib/cache.ts'
import { isPromise } from '../lib/maybe-promise.ts'
import type { MaybePromise } from '../types.ts'
import { vouchedFor } from './limits.ts'
import {
  type IssuerWithReaders,
  type NetworkOptions,
  trustedIssuer,
  type TrustedIssuer,
} from './trusted-issuer.ts'

/** The issuers of one resource server. */
export interface Issuers {
  /** Finds an issuer by its exact name; `undefined` when it is not trusted. */
  readonly find: (name: string) => MaybePromise<TrustedIssuer | undefined>
  /** Whether an issuer that was found is still the one `find` would give, as far as that is known without asking. */
  readonly isCurrent: (issuer: TrustedIssuer) => boolean
  /** A signature of this issuer was verified: from now on no unsigned token can make it forgotten. */
  readonly prove: (issuer: TrustedIssuer) => void
  /** Those known by now. */
  readonly known: () => readonly TrustedIssuer[]
  /** Those the API cannot do without: written in the configuration. */
  readonly configured: () => readonly TrustedIssuer[]
}

/** Issuers written in the configuration. */
export function fixedIssuers(issuers: readonly TrustedIssuer[]): Issuers {
  const byName = new Map(issuers.map((issuer) => [issuer.name, issuer]))
  return {
    find: (name) => byName.get(name),
    isCurrent: () => true,
    prove: () => undefined,
    known: () => issuers,
    configured: () => issuers,
  }
}

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
  const vouched = boundedCache<{ issuer: TrustedIssuer; settings: IssuerWithReaders; until: number }>({
    max: settings.maxIssuers,
  })
  const asking = new Map<string, Promise<TrustedIssuer | undefined>>()

  function remember(name: string, answer: IssuerWithReaders | undefined): TrustedIssuer | undefined {
    const before = vouched.get(name)
    if (answer === undefined) {
      vouched.delete(name)
      return undefined
    }
    // New rules need no new fetch. Keys that are not fetched are taken as they are said now.
    const fetched = answer.keys.from === 'uri' || answer.keys.from === 'metadata'
    const issuer =
      fetched && before?.settings.keysIdentity === answer.keysIdentity
        ? { ...trustedIssuer(answer, network), keys: before.issuer.keys }
        : trustedIssuer(answer, network)
    vouched.set(name, { issuer, settings: answer, until: clock.steady() + vouchedFor })
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
    isCurrent: (issuer) => current(issuer.name) === issuer,
    prove: () => undefined,
    known: () => [...vouched.values()].map(({ issuer }) => issuer),
    configured: () => [],
  }
}
