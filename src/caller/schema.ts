import { shownNames } from '../detail.ts'
import { InvalidTokenError } from '../errors.ts'
import type { Limited } from '../lib/limited.ts'
import { andThen } from '../lib/maybe-promise.ts'
import { deepFreeze } from '../lib/objects.ts'
import type { StandardSchema } from '../lib/standard-schema.ts'
import type { VerifiedToken } from '../token/verified-token.ts'
import type { MaybePromise } from '../types.ts'

/** The claims as the issuer signed them: what the application sees without a schema. */
export function asSigned<C>(token: VerifiedToken): C {
  return token.claims as C
}

/**
 * The claims with the schema's output: its top-level members replace the verified ones, and members it left out stay,
 * so that no check of the application loses a claim.
 *
 * @throws {InvalidTokenError} `schema`, for claims that the schema refuses
 * @throws {TypeError} when the schema's output is no object
 */
export function withSchema<C>(
  schema: StandardSchema<unknown, C>,
  limit: Limited,
): (token: VerifiedToken) => MaybePromise<C> {
  return ({ claims }) =>
    andThen(limit(schema['~standard'].validate(claims)), (result) => {
      if (result.issues !== undefined) throw refused(result.issues)
      const output: unknown = result.value
      if (typeof output !== 'object' || output === null || Array.isArray(output)) {
        throw new TypeError('schema: its output must be an object, since it becomes auth.claims')
      }
      // Own members alone, and `__proto__` as a name like any other.
      return deepFreeze(Object.fromEntries([...Object.entries(claims), ...Object.entries(output)])) as C
    })
}

/** Names the claims that the schema refused. Deeper paths and the messages may hold values, so they stay out. */
function refused(issues: unknown): InvalidTokenError {
  const list: readonly unknown[] = Array.isArray(issues) ? issues : []
  const [claim] = shownNames(list.flatMap((issue) => claimOf(issue) ?? []))
  return new InvalidTokenError('schema', { detail: claim === undefined ? {} : { claim, expected: 'valid' } })
}

/** The top-level claim an issue is about. */
function claimOf(issue: unknown): string | undefined {
  const { path } = Object(issue) as { path?: unknown }
  const first: unknown = Array.isArray(path) ? path[0] : undefined
  const name: unknown = typeof first === 'object' && first !== null && 'key' in first ? first.key : first
  return typeof name === 'string' ? name : undefined
}
