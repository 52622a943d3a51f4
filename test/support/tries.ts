import { inject } from 'vitest'

declare module 'vitest' {
  interface ProvidedContext {
    /** Set in the project `assurance`, and in the mode `thorough`. */
    readonly thorough?: true
  }
}

/**
 * How often a test tries something: `few` times in `npm test`, and `many` times in the project `assurance` and in
 * `npm run test:all`.
 */
export function tries(many: number, few = 100): number {
  return inject('thorough') === true ? many : few
}
