import { shownNames, typeName } from '../detail.ts'
import { InvalidTokenError } from '../errors.ts'
import type { Limited } from '../lib/limited.ts'
import type { ClaimsObject } from '../lib/claim-path.ts'
import { andThen, isPromise, unawaited } from '../lib/maybe-promise.ts'
import { copyOfJson, deepFreeze, own } from '../lib/objects.ts'
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
    // A copy of its own: ArkType writes its output into the object, or into a copy that is as frozen as that.
    andThen(limit(schema['~standard'].validate(copyOfJson(claims))), (result) => {
      try {
        return outputOf(result, claims) as C
      } catch (error) {
        // Nobody waits for a promise within what is refused.
        unawaited(result)
        throw error
      }
    })
}

function outputOf(result: unknown, claims: ClaimsObject): object {
  if (typeof result !== 'object' || result === null) {
    throw new TypeError('schema: its validate() must return an object with value or issues')
  }
  const { issues, value: output } = result as { readonly issues?: unknown; readonly value?: unknown }
  if (issues !== undefined) throw refused(issues, claims)
  if (typeof output !== 'object' || output === null || Array.isArray(output) || isPromise(output)) {
    throw new TypeError('schema: its output must be an object, since it becomes auth.claims')
  }
  // Own members alone, and `__proto__` as a name like any other.
  return deepFreeze(Object.fromEntries([...Object.entries(claims), ...Object.entries(output)]))
}

/** Issues that are named. */
const maxIssues = 10

/** Names the claims that the schema refused, and where in them. The messages may have values in them: they stay out. */
function refused(issues: unknown, claims: ClaimsObject): InvalidTokenError {
  const list: readonly unknown[] = Array.isArray(issues) ? issues.slice(0, maxIssues) : []
  const located = list.map((issue) => ({ issue, path: pathOf(issue) })).filter(({ path }) => path.length > 0)
  const [first] = located
  if (first === undefined) return new InvalidTokenError('schema')
  const { issue, path } = first
  const [claim = '', ...members] = path
  const [shown = ''] = shownNames([claim])
  const hint = `the schema refuses ${shownNames(located.map((it) => shownPath(it.path))).join(', ')}`
  const actual = valueAt(claims, path)
  const expected = expectedBy(issue, actual)
  // What a schema expects of a member is no fact about the claim around it.
  if (members.length === 0) {
    return new InvalidTokenError('schema', {
      detail: { claim: shown, expected: expected ?? 'valid', actual, hint },
    })
  }
  const wanted = expected === undefined ? '' : `, expected ${expected}`
  const place = shownNames([shownPath(path)]).join('')
  const compared =
    (actual === undefined ? `token has no ${place}` : `token has ${place} of type ${typeName(actual)}`) +
    wanted
  return new InvalidTokenError('schema', { detail: { claim: shown, hint: `${hint}: ${compared}` } })
}

/** The names on the way to what an issue is about. */
function pathOf(issue: unknown): readonly string[] {
  const { path } = Object(issue) as { path?: unknown }
  const steps: readonly unknown[] = Array.isArray(path) ? path.slice(0, maxIssues) : []
  return steps.map((step) =>
    String(typeof step === 'object' && step !== null && 'key' in step ? step.key : step),
  )
}

function valueAt(claims: unknown, path: readonly string[]): unknown {
  let value = claims
  for (const name of path) value = typeof value === 'object' && value !== null ? own(value, name) : undefined
  return value
}

/** Members that many issuers have; names of others may be data, as those of a record by user are. */
const commonMembers: ReadonlySet<string> = new Set([
  ...['id', 'name', 'type', 'value', 'key', 'kind', 'label', 'level', 'email', 'phone', 'profile', 'address'],
  ...['street', 'street_address', 'city', 'locality', 'region', 'postal_code', 'country', 'formatted'],
  ...['roles', 'groups', 'permissions', 'scopes', 'tenant', 'organization', 'org', 'org_id', 'tenant_id'],
])

/** A path as it may be shown: with indexes, and with the names that say nothing about anyone. */
function shownPath([claim = '', ...members]: readonly string[]): string {
  return [
    claim,
    ...members.map((name) => (commonMembers.has(name) || /^\d{1,4}$/.test(name) ? name : '*')),
  ].join('.')
}

/** What zod, valibot and arktype say that they expected: it comes from the schema alone. */
function expectedBy(issue: unknown, actual: unknown): string | undefined {
  const { expected, path } = Object(issue) as { expected?: unknown; path?: unknown }
  const last = Object(Array.isArray(path) ? (path as unknown[]).at(-1) : undefined) as { origin?: unknown }
  // Valibot expects something of the name of a member then, not of its value.
  if (last.origin === 'key') return actual === undefined ? 'present' : undefined
  return typeof expected === 'string' && /^[\w ,.'"<>=|()-]{1,60}$/.test(expected) ? expected : undefined
}
