import type { IntrospectionHealth } from './introspection-events.ts'
import type { KeyHealth } from './key-source.ts'
import type { TrustedIssuer } from './trusted-issuer.ts'

/** State of one issuer: of its keys, and of its introspection endpoint where that is set up. */
export interface IssuerHealth extends KeyHealth {
  readonly introspection?: IntrospectionHealth
}

/** State of one issuer. Where it has no keys, a fetch is started in the background. */
export function healthOf({ keys, introspection }: TrustedIssuer): IssuerHealth {
  const health = keys.health()
  return introspection === undefined ? health : { ...health, introspection: introspection.health() }
}
