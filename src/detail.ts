/**
 * What an operator wants to know about a refusal. It is never sent to the client and never holds the token, nor the
 * value of a claim outside the list of {@link shownClaims}.
 */
export interface RefusalDetail {
  /** Name of the claim, header parameter or option that decided. */
  readonly claim?: string
  /** What the configuration asks for. */
  readonly expected?: unknown
  /** What the token or request has: at most 128 characters, at most ten names, control characters escaped. */
  readonly actual?: unknown
  /** What to do about it, as a fixed sentence. */
  readonly hint?: string
}

/** Claims and header parameters whose values may be shown; of every other one only the type is. */
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
  const shown = claim !== undefined && shownClaims.has(claim) ? shownValue(actual) : typeName(actual)
  return Object.freeze({ ...facts, actual: shown })
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

function shownValue(value: unknown): unknown {
  if (typeof value === 'string') return shownText(value)
  if (typeof value === 'number' || typeof value === 'boolean' || value === undefined) return value
  if (Array.isArray(value) && value.every((entry) => typeof entry === 'string')) return shownNames(value)
  return typeName(value)
}

function typeName(value: unknown): string {
  if (value === undefined) return 'absent'
  if (value === null) return 'null'
  return Array.isArray(value) ? 'list' : typeof value
}

function shownText(text: string): string {
  const escaped = text
    .slice(0, maxCharacters)
    .replaceAll(
      /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu,
      (character) => `\\u${(character.codePointAt(0) as number).toString(16).padStart(4, '0')}`,
    )
  return escaped.length > maxCharacters ? escaped.slice(0, maxCharacters) : escaped
}
