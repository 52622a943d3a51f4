import type { Guard } from '../types.ts'
import { plainGuard } from './decide.ts'

// Registered globally, so that guards of either build are known to the other.
const scopes = Symbol.for('oauth-resource-server.guard-scopes')

/** Notes the scopes that a guard may require. */
export function withScopes<G extends object>(guard: G, names: readonly string[]): G {
  return Object.defineProperty(guard, scopes, { value: names })
}

/** The scopes that guards may require, in order, each once; those of guards of the application's are not known. */
export function scopesOf(...guards: readonly Guard<never>[]): readonly string[] {
  return [...new Set(guards.flatMap(scopesOfOne))]
}

function scopesOfOne(guard: Guard<never>): readonly string[] {
  const { [plainGuard]: plain = guard } = guard as { readonly [plainGuard]?: object }
  return (plain as { readonly [scopes]?: readonly string[] })[scopes] ?? []
}
