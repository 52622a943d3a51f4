import { verifySignature } from '#platform'
import { isAlgorithmName, type AlgorithmName } from '../algorithms.ts'
import { mediaType, type ParsedToken, parseToken } from '../jose/jws.ts'
import { parseJsonObject } from '../lib/json.ts'
import { own } from '../lib/objects.ts'
import type { MaybePromise } from '../types.ts'
import { FetchError } from './fetch-error.ts'
import type { BytesAnswer } from './fetch-json.ts'
import type { KeySource } from './key-source.ts'
import { signedAnswerAge } from './limits.ts'

/** What an issuer says of a token that it calls active: made here alone, of an answer whose `active` is `true`. */
class ActiveAnswer {
  declare private readonly nominal: never
  /** The members of the answer, frozen all the way down. */
  readonly claims: Readonly<Record<string, unknown>>
  /** Size of the answer. */
  readonly bytes: number

  constructor(claims: Readonly<Record<string, unknown>>, bytes: number) {
    this.claims = claims
    this.bytes = bytes
  }
}
export type { ActiveAnswer }

/** Reads an answer. @returns `undefined` for an inactive token @throws {FetchError} for anything unusable */
export type AnswerReader = (answer: BytesAnswer) => MaybePromise<ActiveAnswer | undefined>

/** Media types of the two kinds of answers. */
export const answerTypes = {
  plain: 'application/json',
  signed: 'application/token-introspection+jwt',
} as const

/**
 * Reads plain JSON (RFC 7662 §2.2). Repeated members, deep nesting, and the other traps that tokens are refused for
 * make an answer unusable.
 */
export const plainAnswer: AnswerReader = ({ bytes, headers }) => {
  checkMediaType(headers, answerTypes.plain)
  try {
    return activeAnswer(parseJsonObject(bytes), bytes.length)
  } catch (error) {
    // Not as `cause`: the parser's message quotes the text.
    throw error instanceof FetchError ? error : unusable('it is not a JSON object')
  }
}

/** What {@link signedAnswer} works with. */
export interface SignedAnswerOptions {
  readonly issuer: string
  readonly clientId: string
  readonly algorithms: readonly AlgorithmName[]
  readonly keys: KeySource
  /** Seconds since the epoch. */
  readonly now: () => number
  /** Seconds. */
  readonly clockTolerance: number
}

/**
 * Reads a signed answer (RFC 9701 §5): verified with the issuer's keys, of its own `typ`, from the issuer, to this
 * client, and recent. Only its member `token_introspection` says anything about the token.
 */
export function signedAnswer(options: SignedAnswerOptions): AnswerReader {
  return async ({ bytes, headers }) => {
    checkMediaType(headers, answerTypes.signed)
    const parsed = parsedAnswer(bytes)
    checkHeader(parsed, options)
    await checkSignature(parsed, options)
    checkClaims(parsed.payload, options)
    const content = own(parsed.payload, 'token_introspection')
    if (typeof content !== 'object' || content === null || Array.isArray(content)) {
      throw unusable('it has no token_introspection')
    }
    return activeAnswer(content as Record<string, unknown>, bytes.length)
  }
}

/** Only `true` itself is active; an answer that does not say so is no answer about an active token. */
function activeAnswer(content: Readonly<Record<string, unknown>>, bytes: number): ActiveAnswer | undefined {
  return own(content, 'active') === true ? new ActiveAnswer(content, bytes) : undefined
}

/** Compared without parameters and without regard to case (RFC 9110 §8.3.1). */
function checkMediaType(headers: Headers, expected: string): void {
  const [type = ''] = (headers.get('content-type') ?? '').split(';')
  if (type.trim().toLowerCase() === expected) return
  const advice =
    expected === answerTypes.signed
      ? 'set introspection_signed_response_alg of this client at the issuer, or leave introspection.signed out'
      : 'the issuer must answer with JSON; where it signs its answers, set introspection.signed'
  throw unusable(`it is not ${expected}`).advised(advice)
}

function parsedAnswer(bytes: Uint8Array): ParsedToken {
  try {
    return parseToken(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch {
    throw unusable('it is not a signed JWT')
  }
}

function checkHeader({ header }: ParsedToken, { algorithms }: SignedAnswerOptions): void {
  if (header.typ === undefined || mediaType(header.typ) !== 'token-introspection+jwt') {
    throw unusable('its typ is not token-introspection+jwt')
  }
  if (!isAlgorithmName(header.alg) || !algorithms.includes(header.alg)) {
    throw unusable('its algorithm is not one of algorithms')
  }
}

async function checkSignature(
  { header, signingInput, signature }: ParsedToken,
  { keys }: SignedAnswerOptions,
): Promise<void> {
  let valid = false
  try {
    let key = await keys.find(header)
    for (;;) {
      valid = await verifySignature(header.alg as AlgorithmName, key.key, signingInput, signature)
      if (valid) break
      const next = await keys.afterBadSignature(header, key)
      if (next === undefined) break
      key = next
    }
  } catch (cause) {
    throw new FetchError('the answer cannot be used: there is no key to verify it with', {
      status: 200,
      cause,
    })
  }
  if (!valid) throw unusable('its signature is wrong')
}

function checkClaims(
  claims: Readonly<Record<string, unknown>>,
  { issuer, clientId, now, clockTolerance }: SignedAnswerOptions,
): void {
  if (own(claims, 'iss') !== issuer) throw unusable('its iss is not the issuer')
  const aud = own(claims, 'aud')
  if (aud !== clientId && !(Array.isArray(aud) && aud.includes(clientId))) {
    throw unusable('its aud is not introspection.clientId')
  }
  const iat = own(claims, 'iat')
  const age = typeof iat === 'number' ? now() - iat : NaN
  if (!(age >= -clockTolerance && age <= signedAnswerAge + clockTolerance)) {
    throw unusable('its iat is missing, old or ahead of this clock')
  }
  // It needs neither (RFC 9701 §5); where it has one, that counts (RFC 7519 §4.1). Those of the token are further in.
  const { exp = Infinity, nbf = 0 } = { exp: own(claims, 'exp'), nbf: own(claims, 'nbf') }
  const isNow =
    typeof exp === 'number' && typeof nbf === 'number' && isBetween(nbf, now(), exp, clockTolerance)
  if (!isNow) throw unusable('its exp is reached, or its nbf is not')
}

function isBetween(first: number, now: number, end: number, tolerance: number): boolean {
  return now >= first - tolerance && now < end + tolerance
}

function unusable(why: string): FetchError {
  return new FetchError(`the answer cannot be used: ${why}`, { status: 200 })
}
