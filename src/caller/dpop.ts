import { sha256, verifySignature } from '#platform'
import type { AlgorithmName } from '../algorithms.ts'
import { InvalidProofError, InvalidTokenError, isAuthError, UpstreamError } from '../errors.ts'
import { importKey, type JudgedKey, type VerificationKey } from '../jose/jwk.ts'
import type { ParsedProof } from '../jose/proof.ts'
import { thumbprint } from '../jose/thumbprint.ts'
import { boundedCache } from '../lib/cache.ts'
import type { Clock } from '../lib/clock.ts'
import { isAbsolute, pathOfTarget, uriOfTarget } from '../lib/http-uri.ts'
import type { Limited } from '../lib/limited.ts'
import { andThen, unawaited } from '../lib/maybe-promise.ts'
import { factsOf, safeCause } from '../lib/safe-cause.ts'
import type { DpopSettings } from '../options/dpop.ts'
import type { HttpRequest, MaybePromise } from '../types.ts'
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

/** The key of a client, with the header of its last proof: most clients write the same one into all of them. */
interface ClientKey {
  /** As it was written. */
  readonly header: string
  readonly alg: AlgorithmName
  readonly thumbprint: string
  readonly imported: VerificationKey
}

/** Keys of clients that are kept. */
const maxKeys = 1000

/**
 * Makes the check of DPoP proofs (RFC 9449 §4.3, §7): the proof belongs to this request, this token and the key that
 * the token is bound to, and was not used before. The last is checked after every other check of the request.
 */
export function dpopMethod({ settings, clock, reserve, limit }: DpopMethodOptions): ConfirmationMethod {
  const nonce = settings.nonce === undefined ? undefined : nonces(settings.nonce, settings.leeway)
  // By thumbprint. They are in every proof of a client, and need to be checked and imported once.
  const keys = boundedCache<ClientKey>({ max: maxKeys })

  /**
   * Checks the header of a proof. The key is imported by the function that it returns, since cheaper checks come first.
   *
   * @param known the key that the token is bound to, if it came before
   * @throws {InvalidProofError}
   */
  function keyIn(proof: ParsedProof, known: ClientKey | undefined): () => MaybePromise<ClientKey> {
    // What the header says depends on its text alone.
    if (known?.header === proof.header) return () => known
    const { alg, key } = checkProofHeader(proof, settings)
    return async () => {
      const found = await thumbprint(key.jwk)
      const isSame = known !== undefined && known.thumbprint === found && known.alg === alg
      const imported = isSame ? known.imported : await importedKey(key)
      return { header: proof.header, alg, thumbprint: found, imported }
    }
  }

  /** Refuses a proof that was used before. */
  function useOnce(key: string, expiresAt: number): MaybePromise<void> {
    let isFirst: unknown
    try {
      isFirst = limit(reserve(key, expiresAt))
    } catch (error) {
      failedStore(error)
    }
    if (isFirst instanceof Promise) return isFirst.then(requireFirst, failedStore)
    requireFirst(isFirst)
  }

  return {
    member: 'jkt',
    required: settings.required,
    confirm(jkt, _token, { scheme, token, request }) {
      if (scheme !== 'DPoP' || request === undefined) throw notBound(downgraded)
      const proof = proofOf(request)
      const known = typeof jkt === 'string' ? keys.get(jkt) : undefined
      const importedKeyIn = keyIn(proof, known)
      const now = clock.wall()
      const claims = checkProofClaims(proof, provenRequest(request, settings), settings, now)
      // Step by step without promises, where nothing has to be waited for: that is most of the time on Node.
      return andThen(sha256(token), (hash) => {
        if (claims.ath !== hash) {
          const hint = 'ath must be the SHA-256 hash of this very access token, in base64url without padding'
          throw brokenProof({ claim: 'ath', actual: claims.ath, hint })
        }
        return andThen(importedKeyIn(), (key) =>
          andThen(isSigned(key, proof), (valid) => {
            if (!valid) {
              const hint = 'the signature of the proof is not of the key in its header'
              throw brokenProof({ claim: 'jwk', hint })
            }
            if (key.thumbprint !== jkt) throw notBound(anotherKey)
            // Keys that tokens are bound to alone: nobody else fills this memory.
            if (key !== known) keys.set(key.thumbprint, key)
            return andThen(nonce?.check(claims.nonce, now), (headers) => ({
              headers,
              // For as long as a process whose clock differs by the leeway could accept it.
              lastly: () =>
                useOnce(`${key.thumbprint}.${claims.jti}`, claims.iat + settings.maxAge + settings.leeway),
            }))
          }),
        )
      })
    },
  }
}

function isSigned(
  { alg, imported }: ClientKey,
  { signingInput, signature }: ParsedProof,
): MaybePromise<boolean> {
  return verifySignature(alg, imported.key, signingInput, signature)
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
    unawaited(given)
    throw new TypeError(
      'dpop.url: the function must return the absolute URL that the client called, as a string',
    )
  }
  // The path is the client's, and so is what is wrong with it.
  return { method, uri: uriOfTarget(given) }
}

/** Checks the result of a replay store. */
function requireFirst(isFirst: unknown): void {
  if (isFirst === false) throw new InvalidProofError('replayed', { detail: { claim: 'jti' } })
  if (isFirst !== true) throw unavailable('dpop.replay: reserve must return true or false')
}

function failedStore(error: unknown): never {
  if (isAuthError(error) && error.reason === 'unavailable') throw error
  // Clients of stores put commands and URLs into their errors.
  throw unavailable(`the replay store failed, ${factsOf(error)}`, safeCause(error))
}

const downgraded =
  'the token is bound to a key and came as a Bearer token: the client must send Authorization: DPoP with a proof; or somebody stole it'
const anotherKey = 'the proof is signed with another key than the token is bound to'

function notBound(hint: string): InvalidTokenError {
  return new InvalidTokenError('binding', { detail: { claim: 'cnf', expected: 'jkt', hint } })
}

/** Seconds after which a client may try again. */
const retryAfter = 1

function unavailable(hint: string, cause?: Error): UpstreamError {
  return new UpstreamError(retryAfter, { cause, detail: { hint } })
}
