import type { AlgorithmName } from '../algorithms.ts'
import { judgeKey, type JudgedKey } from '../jose/jwk.ts'
import { mediaType } from '../jose/jws.ts'
import { headerOfProof, type ParsedProof } from '../jose/proof.ts'
import { normalUri } from '../lib/http-uri.ts'
import { own } from '../lib/objects.ts'
import { brokenProof, notAProof } from './proof-header.ts'

/** What a proof is compared with. */
export interface ProofRules {
  readonly algorithms: readonly AlgorithmName[]
  /** Seconds. */
  readonly maxAge: number
  /** Seconds. */
  readonly leeway: number
}

/** The request that a proof must have been made for. */
export interface ProvenRequest {
  /** As it was sent, before any method override. */
  readonly method: string
  /** Normalised; `undefined` where the target of the request can be read in two ways. */
  readonly uri: string | undefined
}

/** The claims of a proof that later steps need. */
export interface ProofClaims {
  readonly jti: string
  /** Seconds since the epoch. */
  readonly iat: number
  readonly ath: unknown
  readonly nonce: unknown
}

/** Longest `jti`; clients use 20 to 40 characters. */
const longestJti = 256

/** Header parameters that change what the proof means, or name another key than `jwk`. */
const refusedParameters = ['crit', 'b64', 'enc', 'jku', 'x5u', 'x5c']

/**
 * Checks the header of a proof (RFC 9449 §4.3): its type, its algorithm, and a public key that is sound and fits.
 *
 * @throws {InvalidProofError}
 */
export function checkProofHeader(
  proof: ParsedProof,
  { algorithms }: ProofRules,
): { readonly alg: AlgorithmName; readonly key: JudgedKey } {
  const header = headerOfProof(proof)
  if (header === undefined) throw notAProof()
  const typ = own(header, 'typ')
  if (typeof typ !== 'string' || mediaType(typ) !== 'dpop+jwt') {
    throw brokenProof({ claim: 'typ', expected: 'dpop+jwt', actual: typ })
  }
  const alg = algorithms.find((name) => name === own(header, 'alg'))
  if (alg === undefined) {
    throw brokenProof({ claim: 'alg', expected: algorithms, actual: own(header, 'alg') })
  }
  const refused = refusedParameters.find((name) => Object.hasOwn(header, name))
  if (refused !== undefined) throw brokenProof({ claim: refused, expected: 'absent' })
  const key = judgeKey(own(header, 'jwk'), [alg])
  if (typeof key === 'string') {
    throw brokenProof({ claim: 'jwk', expected: `a sound public key for ${alg}`, hint: keyHint(key) })
  }
  return { alg, key }
}

function keyHint(refusal: string): string {
  return refusal === 'private or symmetric'
    ? 'the client sends its private key, or a secret, in the proof: it must make a new key, and send the public part'
    : `the key is not accepted: ${refusal}`
}

/**
 * Checks the claims of a proof (RFC 9449 §4.3). Compares neither `ath` nor `nonce`. Other claims are ignored.
 *
 * @param now seconds since the epoch
 * @throws {InvalidProofError}
 */
export function checkProofClaims(
  { payload }: ParsedProof,
  request: ProvenRequest,
  rules: ProofRules,
  now: number,
): ProofClaims {
  const jti = own(payload, 'jti')
  if (typeof jti !== 'string' || jti === '' || jti.length > longestJti) {
    throw brokenProof({ claim: 'jti', expected: `text of 1 to ${longestJti} characters`, actual: jti })
  }
  const htm = own(payload, 'htm')
  if (htm !== request.method) {
    const hint = 'the client signs the method in upper case, as it is sent'
    throw brokenProof({ claim: 'htm', expected: request.method, actual: htm, hint })
  }
  checkUri(own(payload, 'htu'), request.uri)
  const iat = checkTime(payload, 'iat', now)
  if (iat > now + rules.leeway) {
    throw brokenProof({ claim: 'iat', expected: `at most ${rules.leeway} s ahead`, actual: iat, hint: clock })
  }
  if (iat < now - rules.maxAge) {
    throw brokenProof({ claim: 'iat', expected: `at most ${rules.maxAge} s old`, actual: iat, hint: clock })
  }
  if (Object.hasOwn(payload, 'exp')) {
    const exp = checkTime(payload, 'exp', now)
    if (exp <= now) throw brokenProof({ claim: 'exp', expected: 'ahead', actual: exp })
  }
  if (Object.hasOwn(payload, 'nbf')) {
    const nbf = checkTime(payload, 'nbf', now)
    if (nbf > now + rules.leeway) throw brokenProof({ claim: 'nbf', expected: 'not ahead', actual: nbf })
  }
  return { jti, iat, ath: own(payload, 'ath'), nonce: own(payload, 'nonce') }
}

const clock = 'the clock of the client is wrong, or it uses one proof for many requests'

function checkTime(payload: object, claim: 'iat' | 'exp' | 'nbf', now: number): number {
  const time = own(payload, claim)
  if (typeof time === 'number' && Number.isFinite(time)) return time
  throw brokenProof({ claim, expected: `seconds since the epoch, now ${Math.floor(now)}`, actual: time })
}

function checkUri(htu: unknown, expected: string | undefined): void {
  // Most clients write it as it is compared.
  if (expected !== undefined && htu === expected) return
  const uri = typeof htu === 'string' ? normalUri(htu) : undefined
  if (uri !== undefined && uri === expected) return
  throw brokenProof({
    claim: 'htu',
    expected: expected === undefined ? 'a plain URL' : originOf(expected),
    actual: htu,
    hint: uriHint(uri, expected),
  })
}

function uriHint(uri: string | undefined, expected: string | undefined): string {
  if (expected === undefined) {
    return "the path of the request has '.' or '..', a backslash or characters beyond ASCII, which servers read in different ways"
  }
  if (uri === undefined) return 'htu is not an absolute http or https URL without user name'
  return originOf(uri) === originOf(expected)
    ? 'the proof is for another path: where a proxy changes paths, set dpop.url'
    : 'the proof is for another scheme, host or port: resource must be the URL that clients call'
}

/** Scheme, host and port of a normalised URI, which a URL parser may refuse all the same. */
function originOf(uri: string): string {
  return uri.slice(0, uri.indexOf('/', 'https://'.length))
}
