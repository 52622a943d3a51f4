import { isTypeAlone, type RefusalDetail, shownClaims, shownText, typeName } from './detail.ts'
import { type AuthError, isAuthError } from './errors.ts'
import { type FailedFetch, networkHint } from './hints/network.ts'
import { isPlain } from './hints/plain.ts'
import type { Reason } from './reasons.ts'

/** Longest line, in characters. */
const maxLine = 1000

/** Errors on the way from an error to its causes that are looked at. */
const maxCauses = 5

/**
 * Explains an error in one line for a log: the reason, what the token has and the configuration expects, and what to
 * do about it.
 *
 * The line never has the token in it, nor values of claims other than `iss`, `aud`, `azp`, `client_id`, `typ`, `alg`,
 * `kid`, `exp`, `nbf`, `iat` and the names of scopes and roles. Of an error that is not of this library it has the name
 * and code alone, as its message may have anything in it. Control characters are escaped, and the line has at most
 * 1,000 characters.
 *
 * @param error anything that was thrown; never throws itself
 */
export function explain(error: unknown): string {
  try {
    return shownText(chain(error), maxLine)
  } catch {
    // A revoked proxy, for example.
    return 'error: a value that cannot be read was thrown'
  }
}

/** The first error of ours on the way to the causes, with the names of those around it. */
function chain(error: unknown): string {
  const around: string[] = []
  let each = error
  for (let depth = 0; depth < maxCauses && typeof each === 'object' && each !== null; depth += 1) {
    const known = isAuthError(each) ? refusal(each) : isPlain(each) ? own(each) : undefined
    if (known !== undefined) return [...around, known].join(', caused by ')
    around.push(foreign(each))
    each = (each as { cause?: unknown }).cause
  }
  if (around.length === 0)
    return `error: a value of type ${error === null ? 'null' : typeof error} was thrown`
  return `error: ${around.join(', caused by ')} (not an error of this library: its message is not shown)`
}

function refusal(error: AuthError): string {
  const { reason, detail } = error
  const behind = fetchBehind(error.cause)
  const facts =
    behind === undefined ? factsOf(reason, detail) : `${fetchFacts(behind)}${comparison(reason, detail)}`
  const hint = behind === undefined ? detail.hint : (behind.detail?.hint ?? networkHint(behind))
  return `${reason}: ${facts}${hint === undefined ? '' : ` (${hint})`}`
}

/** An error whose message is a sentence of ours: a wrong option, a missing `verifyJwt()`, a fetch that failed. */
function own(error: object): string {
  const behind = fetchBehind(error)
  if (behind !== undefined) {
    const { detail = {} } = behind
    const hint = detail.hint ?? networkHint(behind)
    return `unavailable: ${fetchFacts(behind)}${comparison('unavailable', detail)}${hint === undefined ? '' : ` (${hint})`}`
  }
  return `${nameOf(error)}: ${(error as Error).message}`
}

function foreign(error: object): string {
  const { code } = error as { code?: unknown }
  return typeof code === 'string' && /^[A-Z][A-Z\d_]{0,63}$/.test(code)
    ? `${nameOf(error)} ${code}`
    : nameOf(error)
}

function nameOf(error: object): string {
  const { name } = error as { name?: unknown }
  return typeof name === 'string' && /^[A-Za-z]\w{0,63}$/.test(name) ? name : 'Error'
}

/** What a refusal says without any facts. */
const sentences: Readonly<Partial<Record<Reason, string>>> = {
  missing: 'the request has no access token',
  malformed: 'the token cannot be read',
  too_large: 'the token is too long',
  schema: 'the schema refuses the claims',
  signature: 'the signature cannot be verified',
  unavailable: 'whether the caller may pass cannot be found out now',
  forbidden: 'a guard refused',
  replayed: 'the DPoP proof was used before',
  nonce: 'the DPoP proof has no nonce of this API that is still good',
  binding: 'the token is bound to its sender, which cannot be confirmed',
}

function factsOf(reason: Reason, detail: RefusalDetail): string {
  const { claim } = detail
  const sentence = sentences[reason]
  if (claim === undefined) return sentence ?? `refused as ${reason}`
  const compared = comparison(reason, detail)
  if (sentence !== undefined)
    return `${sentence}${compared === '' ? `: ${claim}` : compared.replace(/^:/, ',')}`
  return compared === '' ? `refused for ${claim}` : compared.slice(2)
}

/** Claims that a reason names by itself. */
const impliedClaim: Readonly<Partial<Record<Reason, string>>> = {
  issuer: 'iss',
  unknown_issuer: 'iss',
  audience: 'aud',
}

/** Two halves of one comparison: what there is, and what there should be. */
function comparison(reason: Reason, detail: RefusalDetail): string {
  const { claim, expected } = detail
  if (claim === undefined) return ''
  const is = Object.hasOwn(detail, 'actual') ? actualIn(reason, claim, detail) : undefined
  const wanted = expected === undefined || expected === null ? undefined : expectedIn(reason, claim, expected)
  if (is === undefined && wanted === undefined) return ''
  return `: ${[is, wanted].filter((half) => half !== undefined).join(', ')}`
}

/** Who has the claim, where it is not the token. */
const holders: Readonly<Partial<Record<Reason, string>>> = {
  unavailable: 'the metadata',
  proof: 'the proof',
  nonce: 'the proof',
  replayed: 'the proof',
}

function actualIn(reason: Reason, claim: string, detail: RefusalDetail): string {
  const { actual } = detail
  const holder = holders[reason] ?? 'token'
  if (isTypeAlone(detail)) return `${holder} has ${types[String(actual)] ?? String(actual)} as ${claim}`
  const name = impliedClaim[reason] === claim ? '' : `${claim} `
  if (actual === undefined || actual === 'absent') return `${holder} has no ${claim}`
  if (Array.isArray(actual) && actual.length === 0)
    return `${holder} has ${claim === 'aud' ? 'an empty aud' : `no ${claim}`}`
  return shownClaims.has(claim)
    ? `${holder} has ${name}${shown(actual)}`
    : `${holder} has ${name}of type ${typeof actual === 'string' ? actual : typeName(actual)}`
}

/** Reasons for which a guard of the route decides. */
const byRoutes: ReadonlySet<Reason> = new Set(['scope', 'role', 'step_up', 'authorization_details'])

/** The types of claims that have no value to show. */
const types: Readonly<Record<string, string>> = {
  object: 'an object',
  list: 'a list',
}

function expectedIn(reason: Reason, claim: string, expected: unknown): string {
  const isConfigured = Array.isArray(expected) || claim === 'iss'
  if (!isConfigured) return `expected ${typeof expected === 'string' ? expected : shown(expected)}`
  const verb = byRoutes.has(reason) ? 'the route needs' : 'configured'
  return Array.isArray(expected) && expected.length === 0 ? `nothing ${verb}` : `${verb} ${shown(expected)}`
}

function shown(value: unknown): string {
  if (!Array.isArray(value)) return typeof value === 'string' ? `"${shownText(value)}"` : String(value)
  const names = value.slice(0, 10).map(shown).join(', ')
  return value.length > 10 ? `${names} and ${value.length - 10} more` : names
}

function fetchBehind(cause: unknown): (FailedFetch & Pick<Error, 'message'>) | undefined {
  const isOurs = typeof cause === 'object' && cause !== null && isPlain(cause)
  return isOurs && (cause as Error).name === 'FetchError' ? (cause as FailedFetch & Error) : undefined
}

function fetchFacts({ message, url, code, thrown }: FailedFetch & Pick<Error, 'message'>): string {
  const place = url === undefined ? '' : ` at ${url}`
  const cause = code ?? thrown
  return `${message}${place}${cause === undefined ? '' : `, ${cause}`}`
}
