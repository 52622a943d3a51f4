import { createLocalJWKSet, errors, type JSONWebKeySet, jwtVerify } from 'jose'
import {
  type Auth,
  createResourceServer,
  isAuthError,
  type JwkSet,
  type ResourceServer,
} from 'oauth-resource-server'
import type { FuzzCase } from './case.ts'
import { laxerThanJose } from './laxer-than-jose.ts'
import { look, type OurReason } from './look.ts'
import { stricterThanJose } from './stricter-than-jose.ts'
import { twinOf } from './mutate-signature.ts'
import { audience, issuer } from './world.ts'

/** What one library made of a case. */
export type Verdict = { readonly accepted: unknown } | { readonly refused: string }

/** What became of a case, as far as both agree or are known to differ. */
export interface Outcome {
  readonly ours: string
  readonly jose: string
  /** The documented difference, where there is one. */
  readonly difference?: string
}

/** Something no case may lead to. */
export class Finding extends Error {
  override readonly name = 'Finding'
}

const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
]

/**
 * Has both libraries judge a case.
 *
 * @throws {Finding} when ours accepts what jose refuses or nobody signed, refuses what jose accepts for no reason that
 * is written down, changes its mind, or fails in any other way than by an `AuthError` of status 4xx
 */
export async function judge(from: FuzzCase): Promise<Outcome> {
  const ours = await oursJudges(from)
  const jose = await joseJudges(from)
  const outcome = { ours: nameOf(ours), jose: nameOf(jose) }
  if ('accepted' in ours) requireSigned(from)
  if ('accepted' in ours && 'accepted' in jose) {
    if (JSON.stringify(ours.accepted) !== JSON.stringify(jose.accepted))
      throw new Finding('both accept different claims')
    return outcome
  }
  const seen = look(from)
  if ('accepted' in ours) {
    const known = laxerThanJose.find(({ holds }) => holds(seen))
    if (known === undefined) throw new Finding(`ours accepts, jose refuses: ${outcome.jose}`)
    return { ...outcome, difference: known.what }
  }
  if ('accepted' in jose) {
    const known = stricterThanJose.find(
      ({ reasons, holds }) => reasons.includes(ours.refused as OurReason) && holds(seen),
    )
    if (known === undefined) throw new Finding(`jose accepts, ours refuses: ${outcome.ours}`)
    return { ...outcome, difference: known.what }
  }
  return outcome
}

function nameOf(verdict: Verdict): string {
  return 'accepted' in verdict ? 'accepted' : verdict.refused
}

async function oursJudges(from: FuzzCase): Promise<Verdict> {
  const { jwks, rules, token } = from
  let api: ResourceServer
  try {
    api = createResourceServer({
      issuer,
      audience,
      jwks: jwks as JwkSet,
      ...rules,
      // Three tokens at most: room for the default number would cost more than to verify them.
      tokenCache: { max: 10 },
      now: () => from.now * 1000,
    })
  } catch (error) {
    if (!(error instanceof TypeError) || !error.message.startsWith('jwks: ')) throw error
    return { refused: 'configuration' }
  }
  const verdict = await verdictOf(() => api.verify(token))
  // Asked again, so that memory answers where there is one; and as a request brings it.
  const again = await verdictOf(() => api.verify(token))
  if (JSON.stringify(verdict) !== JSON.stringify(again)) throw new Finding('the second verdict is another')
  const request = { headers: { authorization: `Bearer ${token}` } }
  const requested = await verdictOf(() => api.authenticate(request))
  // White space around a token belongs to the header (RFC 9110 §5.5), and is none of the token's.
  const bare = await verdictOf(() => api.verify(token.replace(/^ +|[\t ]+$/g, '')))
  if ('accepted' in requested !== 'accepted' in bare)
    throw new Finding('a request ends otherwise than its token')
  return verdict
}

async function verdictOf(ask: () => Promise<Auth | undefined>): Promise<Verdict> {
  try {
    const auth = await ask()
    return auth === undefined ? { refused: 'anonymous' } : { accepted: auth.claims }
  } catch (error) {
    // Where keys are imported asynchronously, a set without any usable key shows at the first token only.
    if (error instanceof Error && error.name === 'UnusableKeySetError') return { refused: 'configuration' }
    if (!isAuthError(error)) throw error
    if (error.status >= 500) throw new Finding(`status ${error.status}`, { cause: error })
    return { refused: error.reason }
  }
}

async function joseJudges({ token, jwks, now, rules }: FuzzCase): Promise<Verdict> {
  const { profile, ...times } = rules
  try {
    const { payload } = await jwtVerify(token, createLocalJWKSet(jwks as JSONWebKeySet), {
      issuer,
      audience,
      algorithms,
      currentDate: new Date(now * 1000),
      ...times,
      ...(profile === 'rfc9068'
        ? { typ: 'at+jwt', requiredClaims: ['exp', 'sub', 'client_id', 'iat', 'jti'] }
        : { requiredClaims: ['exp'] }),
    })
    return { accepted: payload }
  } catch (error) {
    return { refused: error instanceof errors.JOSEError ? error.code : 'an error that is not of jose' }
  }
}

/** Accepted means exactly the bytes the issuer signed; of ECDSA's two spellings of one signature, either. */
function requireSigned({ token, signed, jwks }: FuzzCase): void {
  if (signed.includes(token)) return
  const dot = token.lastIndexOf('.')
  const last = Buffer.from(token.slice(dot + 1), 'base64url')
  const curves = new Set((jwks as { keys: readonly { crv?: string }[] }).keys.map((entry) => entry.crv))
  for (const crv of curves) {
    if (crv === undefined || !crv.startsWith('P-') || last.length % 2 !== 0) continue
    const twin = twinOf(last, crv)
    if (twin !== undefined && signed.includes(`${token.slice(0, dot + 1)}${twin.toString('base64url')}`))
      return
  }
  throw new Finding('ours accepts what nobody signed')
}
