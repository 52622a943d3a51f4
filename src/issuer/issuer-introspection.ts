import type { AlgorithmName } from '../algorithms.ts'
import type { Clock } from '../lib/clock.ts'
import type { IntrospectionSettings } from '../options/introspection.ts'
import type { Fetch } from './fetch-json.ts'
import { introspector } from './introspect.ts'
import { type Introspection, introspection } from './introspection.ts'
import { plainAnswer, signedAnswer } from './introspection-answer.ts'
import { introspectionEndpoint } from './introspection-endpoint.ts'
import { introspectionEvents } from './introspection-events.ts'
import type { KeySource } from './key-source.ts'

/** What {@link issuerIntrospection} works with. */
export interface IssuerIntrospectionOptions {
  /** Name of the issuer. */
  readonly issuer: string
  readonly introspection: IntrospectionSettings
  readonly algorithms: readonly AlgorithmName[]
  /** Seconds. */
  readonly clockTolerance: number
  /** For signed answers. */
  readonly keys: KeySource
  readonly fetch: Fetch
  readonly clock: Clock
  /** A number from 0 up to 1. */
  readonly random: () => number
  /** Bytes of the issuer's metadata. */
  readonly maxBytes: number
  readonly allowInsecureHosts: readonly string[]
}

/** Puts together what asks one issuer about tokens. */
export function issuerIntrospection(options: IssuerIntrospectionOptions): Introspection {
  const { issuer, introspection: settings, algorithms, clockTolerance, keys, clock } = options
  const { clientId, signed, endpoint: place } = settings
  const read = signed
    ? signedAnswer({ issuer, clientId, algorithms, keys, clockTolerance, now: clock.wall })
    : plainAnswer
  const events = introspectionEvents(issuer)
  const endpoint = introspectionEndpoint({ ...options, place })
  return introspection({
    introspector: introspector({ ...options, settings, endpoint, read, events }),
    settings,
    issuer,
    clock,
  })
}
