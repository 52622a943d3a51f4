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

/** Where the schema found fault: paths are names of claims; the messages may quote values, so they stay out. */
function refused(issues: unknown): InvalidTokenError {
  const list: readonly unknown[] = Array.isArray(issues) ? issues : []
  const paths = list.map((issue) => pathOf(issue)).filter((path) => path !== '')
  const detail =
    paths[0] === undefined ? {} : { claim: paths[0], expected: `valid: ${paths.slice(0, 10).join(', ')}` }
  return new InvalidTokenError('schema', { detail })
}

function pathOf(issue: unknown): string {
  const { path } = Object(issue) as { path?: unknown }
  if (!Array.isArray(path)) return ''
  return path
    .map((segment: unknown) =>
      typeof segment === 'object' && segment !== null && 'key' in segment ? segment.key : segment,
    )
    .map(String)
    .join('/')
    .slice(0, 128)
}
