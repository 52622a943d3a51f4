import type { RefusalDetail } from '../detail.ts'
import { InvalidProofError, InvalidRequestError } from '../errors.ts'
import { onlyHeader } from '../http/headers.ts'
import { type ParsedProof, parseProof } from '../jose/proof.ts'
import type { HttpRequest } from '../types.ts'

/** Longest proof. Characters. */
const longestProof = 4096

/** The refusal of a proof that is missing or broken. */
export function brokenProof(detail: RefusalDetail): InvalidProofError {
  return new InvalidProofError('proof', { detail })
}

/**
 * Reads the proof of a request: the one `DPoP` header (RFC 9449 §4.3).
 *
 * @throws {InvalidRequestError} when there is more than one, joined by a comma or not
 * @throws {InvalidProofError} when there is none, or it is too long, or no signed JWT as far as its header is not read
 */
export function proofOf(request: HttpRequest): ParsedProof {
  const text = onlyHeader(request, 'dpop', moreThanOneProof)
  if (text === undefined || text === '') {
    throw brokenProof({ claim: 'DPoP', hint: 'the request has no header DPoP, which must have a proof' })
  }
  // Node and the web platform join two headers like this.
  if (text.includes(',')) throw moreThanOneProof()
  if (text.length > longestProof) {
    throw brokenProof({ claim: 'DPoP', expected: `at most ${longestProof} characters` })
  }
  const proof = parseProof(text)
  if (proof !== undefined) return proof
  throw notAProof()
}

/** The refusal of a proof that is no signed JWT. */
export function notAProof(): InvalidProofError {
  return brokenProof({
    claim: 'DPoP',
    hint: 'the header DPoP is no signed JWT, or one that can be read in two ways',
  })
}

function moreThanOneProof(): InvalidRequestError {
  const hint = 'the client, or a proxy in front of this API, sends the header DPoP twice'
  return new InvalidRequestError('More than one DPoP header was sent', { detail: { hint } })
}
