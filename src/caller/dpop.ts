import { sha256, verifySignature } from '#platform'
import type { AlgorithmName } from '../algorithms.ts'
import { InvalidProofError, InvalidTokenError, isAuthError, UpstreamError } from '../errors.ts'
import { importKey, type JudgedKey, type VerificationKey } from '../jose/jwk.ts'
import { thumbprint } from '../jose/thumbprint.ts'
import { boundedCache } from '../lib/cache.ts'
import type { Clock } from '../lib/clock.ts'
import { isAbsolute, pathOfTarget, uriOfTarget } from '../lib/http-uri.ts'
import type { Limited } from '../lib/limited.ts'
import type { DpopSettings } from '../options/dpop.ts'
import type { HttpRequest } from '../types.ts'
import type { ConfirmationMethod } from './confirmation.ts'
import { nonces } from './dpop-nonce.ts'
import { brokenProof, proofOf } from './proof-header.ts'
import { checkProofClaims, checkProofHeader, type ProvenRequest } from './proof-checks.ts'

/** What {@link dpopMethod} works with. */
export interface DpopMethodOptions {
  readonly settings: DpopSettings
  readonly clock: Clock
  /** Reserves a key for the first caller alone. What it returns is not checked yet. */
  readonly reserve: (key: string, expiresAt: number) => unknown
  /** Limits of the replay store. */
  readonly limit: Limited
}

/** Imported keys of clients. */
const maxKeys = 1000

/**
 * Makes the check of DPoP proofs (RFC 9449 §4.3, §7): the proof belongs to this request, this token and the key that
 * the token is bound to, and was not used before. The last is checked after every other check of the request.
 */
export function dpopMethod({ settings, clock, reserve, limit }: DpopMethodOptions): ConfirmationMethod {
  const nonce = settings.nonce === undefined ? undefined : nonces(settings.nonce, settings.leeway)
  // They are in every proof of a client, and need to be imported once.
  const keys = boundedCache<VerificationKey>({ max: maxKeys })

  /** Refuses a proof that was used before. */
  async function useOnce(key: string, expiresAt: number): Promise<void> {
    let isFirst: unknown
    try {
      isFirst = await limit(reserve(key, expiresAt))
    } catch (error) {
      if (isAuthError(error) && error.reason === 'unavailable') throw error
      throw unavailable('the replay store failed: see the cause', error)
    }
    if (isFirst === false) throw new InvalidProofError('replayed', { detail: { claim: 'jti' } })
    if (isFirst !== true) throw unavailable('dpop.replay: reserve must return true or false')
  }

  return {
    member: 'jkt',
    required: settings.required,
    async confirm(jkt, _token, { scheme, token, request }) {
      if (scheme !== 'DPoP' || request === undefined) throw notBound(downgraded)
      const proof = proofOf(request)
      const { alg, key } = checkProofHeader(proof, settings)
      const now = clock.wall()
      const claims = checkProofClaims(proof, provenRequest(request, settings), settings, now)
      if (claims.ath !== (await sha256(token))) {
        const hint = 'ath must be the SHA-256 hash of this very access token, in base64url without padding'
        throw brokenProof({ claim: 'ath', actual: claims.ath, hint })
      }
      const found = await thumbprint(key.jwk)
      const imported = keys.get(`${alg} ${found}`) ?? (await importedKey(key))
      if (!(await isSigned(alg, imported, proof.signingInput, proof.signature))) {
        throw brokenProof({
          claim: 'jwk',
          hint: 'the signature of the proof is not of the key in its header',
        })
      }
      if (found !== jkt) throw notBound(anotherKey)
      // Keys that tokens are bound to alone: nobody else fills this memory.
      keys.set(`${alg} ${found}`, imported)
      return {
        headers: await nonce?.check(claims.nonce, now),
        // For as long as any process could accept it, whose clock may differ by the leeway.
        lastly: () => useOnce(`${found}.${claims.jti}`, claims.iat + settings.maxAge + settings.leeway),
      }
    },
  }
}

async function isSigned(
  alg: AlgorithmName,
  { key }: VerificationKey,
  signingInput: string,
  signature: Uint8Array,
): Promise<boolean> {
  return verifySignature(alg, key, signingInput, signature)
}

async function importedKey(judged: JudgedKey): Promise<VerificationKey> {
  const key = await importKey(judged)
  if (typeof key !== 'string') return key
  throw brokenProof({ claim: 'jwk', hint: 'the key of the proof is not a point on its curve, or not usable' })
}

/** What the proof must have been made for. The host comes from the configuration, never from the request. */
function provenRequest(request: HttpRequest, { origin, url }: DpopSettings): ProvenRequest {
  const method = request.originalMethod ?? request.method ?? ''
  if (url === undefined) {
    const path = pathOfTarget(request.originalUrl ?? request.url ?? '')
    // Concatenated: a URL parser would take `//evil.example/x` for another host.
    return { method, uri: path === undefined ? undefined : `${origin}${path}` }
  }
  const given = url(request.raw ?? request)
  if (typeof given !== 'string' || !isAbsolute(given)) {
    throw new TypeError(
      'dpop.url: the function must return the absolute URL that the client called, as a string',
    )
  }
  // The path is the client's, and so is what is wrong with it.
  return { method, uri: uriOfTarget(given) }
}

const downgraded =
  'the token is bound to a key and came as a Bearer token: the client must send Authorization: DPoP with a proof; or somebody stole it'
const anotherKey = 'the proof is signed with another key than the token is bound to'

function notBound(hint: string): InvalidTokenError {
  return new InvalidTokenError('binding', { detail: { claim: 'cnf', expected: 'jkt', hint } })
}

/** Seconds after which a client may try again. */
const retryAfter = 1

function unavailable(hint: string, cause?: unknown): UpstreamError {
  return new UpstreamError(retryAfter, { cause, detail: { hint } })
}
