/**
 * The facts of a refusal, for operators. They are never sent to the client and never contain the token, nor the
 * value of a claim outside the list of {@link shownClaims}.
 */
export interface RefusalDetail {
  /** Name of the claim, header parameter or option that decided. */
  readonly claim?: string
  /** What the configuration asks for: its values, or a few words where it names none. */
  readonly expected?: unknown
  /**
   * What the token or request has: at most 128 characters, at most ten names, control characters escaped. For a claim
   * outside the list its type: `string`, `number`, `boolean`, `object`, `list`, `null` or `absent`.
   */
  readonly actual?: unknown
  /** What to do about it. It has names of claims, numbers and the configuration in it, and no other values. */
  readonly hint?: string
}

/**
 * Claims and header parameters whose values may be shown; of every other one only the type is. `scope` and `roles`
 * stand for the names of scopes and roles, wherever the token has them.
 */
export const shownClaims: ReadonlySet<string> = new Set([
  'iss',
  'aud',
  'azp',
  'client_id',
  'typ',
  'alg',
  'kid',
  'exp',
  'nbf',
  'iat',
  'scope',
  'roles',
])

const maxCharacters = 128
const maxNames = 10

/** Reduces the facts of a refusal to what may be shown. */
export function shownDetail(facts: RefusalDetail): RefusalDetail {
  if (!Object.hasOwn(facts, 'actual')) return Object.freeze({ ...facts })
  const { claim, actual } = facts
  if (claim === undefined || !shownClaims.has(claim))
    return Object.freeze({ ...facts, actual: typeName(actual) })
  const shown = shownValue(claim, actual)
  if (shown !== undefined || actual === undefined) return Object.freeze({ ...facts, actual: shown })
  const detail = { ...facts, actual: typeName(actual) }
  return Object.freeze(Object.defineProperty(detail, typeAlone, { value: true }))
}

// Registered globally, so that either build explains the errors of the other.
const typeAlone = Symbol.for('oauth-resource-server.type-alone')

/** Whether `actual` is the type of a claim whose value would be shown if it were of another type. */
export function isTypeAlone(detail: RefusalDetail): boolean {
  return Object.hasOwn(detail, typeAlone)
}

/** Names of scopes or roles as they may be shown in {@link RefusalDetail.actual}. */
export function shownNames(names: Iterable<string>): readonly string[] {
  const shown: string[] = []
  for (const name of names) {
    if (shown.length === maxNames) break
    shown.push(shownText(name))
  }
  return shown
}

/** Claims that may be lists of names. */
const lists: ReadonlySet<string> = new Set(['aud', 'scope', 'roles'])

/** A value as it may be shown; `undefined` where there is none, or where its type alone may be. */
function shownValue(claim: string, value: unknown): unknown {
  if (typeof value === 'string') return shownText(value)
  if (typeof value === 'number' || typeof value === 'boolean') return value
  const isListOfNames = Array.isArray(value) && value.every((entry) => typeof entry === 'string')
  return isListOfNames && lists.has(claim) ? shownNames(value) : undefined
}

/** The type of a claim, as JSON knows it. */
export function typeName(value: unknown): string {
  if (value === undefined) return 'absent'
  if (value === null) return 'null'
  return Array.isArray(value) ? 'list' : typeof value
}

/** Every character that could change how a log looks. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/** Text as it may be shown: cut, and without characters that could change how a log looks. */
export function shownText(text: string, max: number = maxCharacters): string {
  return text
    .slice(0, max)
    .replaceAll(
      unprintable,
      (character) => `\\u${(character.codePointAt(0) as number).toString(16).padStart(4, '0')}`,
    )
    .slice(0, max)
}
