import type { RefusalDetail } from '../detail.ts'
import { InvalidTokenError } from '../errors.ts'
import { parseJsonObject } from '../lib/json.ts'
import { own } from '../lib/objects.ts'
import { fromBase64url } from './base64url.ts'
import { type ContentAlgorithm, contentAlgorithms, type KeyAlgorithm } from './jwe-algorithms.ts'
import { mediaType } from './jws.ts'

/** The header of an encrypted token, of which every value that matters is accepted. */
export interface JweHeader {
  readonly alg: KeyAlgorithm
  readonly enc: ContentAlgorithm
  readonly kid: string | undefined
  /** Curve of the sender's key, where one is agreed. */
  readonly crv: unknown
  /** Every member. */
  readonly members: Readonly<Record<string, unknown>>
}

/** What is accepted in the header. */
export interface AcceptedEncryption {
  readonly algorithms: readonly KeyAlgorithm[]
  readonly encryption: readonly ContentAlgorithm[]
}

const longestKeyId = 256

/** What `cty` may say of the text inside: a JWT (RFC 7519 §5.2); `oidc-provider` writes the type of access tokens. */
const contentTypes = ['jwt', 'at+jwt']

/** Tells whether a token has the five parts of an encrypted one (RFC 7516 §3.1). */
export function looksEncrypted(token: string): boolean {
  return token.split('.', 6).length === 5
}

/**
 * Reads the header of a compact JWE, strictly: five parts of canonical base64url, and a header that is a UTF-8 JSON
 * object. Nothing is decrypted.
 *
 * @throws {InvalidTokenError} `malformed` for anything else: for an `alg` or `enc` that is not accepted, `zip`, `crit`,
 * a `cty` other than JWT and at+jwt, and parts whose length does not fit
 */
export function parseJwe(token: string, accepted: AcceptedEncryption): JweHeader {
  const parts = token.split('.', 6)
  if (parts.length !== 5) throw refusal({ hint: 'an encrypted token has five parts' })
  const [first, key, iv, text, tag] = parts as [string, string, string, string, string]
  const header = headerOf(first, accepted)
  const { iv: ivLength, tag: tagLength } = contentAlgorithms[header.enc]
  const isAgreed = header.alg === 'ECDH-ES'
  const fits =
    (isAgreed ? key === '' : fromBase64url(key) !== undefined) &&
    fromBase64url(iv)?.length === ivLength &&
    fromBase64url(text) !== undefined &&
    fromBase64url(tag)?.length === tagLength
  if (!fits) throw refusal({ hint: 'a part of the encrypted token was cut or changed on its way' })
  return header
}

function headerOf(part: string, { algorithms, encryption }: AcceptedEncryption): JweHeader {
  const members = membersOf(part)
  const alg = own(members, 'alg')
  if (!algorithms.includes(alg as KeyAlgorithm)) {
    throw refusal({ claim: 'alg', expected: algorithms, actual: alg, hint: 'see decryption.algorithms' })
  }
  const enc = own(members, 'enc')
  if (!encryption.includes(enc as ContentAlgorithm)) {
    throw refusal({ claim: 'enc', expected: encryption, actual: enc, hint: 'see decryption.encryption' })
  }
  for (const name of ['zip', 'crit'] as const) {
    if (Object.hasOwn(members, name)) {
      const hint = 'compressed tokens and extensions are not supported: switch them off at the issuer'
      throw refusal({ claim: name, expected: 'absent', actual: members[name], hint })
    }
  }
  const cty = own(members, 'cty')
  if (typeof cty !== 'string' || !contentTypes.includes(mediaType(cty))) {
    const hint = 'the issuer must sign the token before it encrypts it'
    throw refusal({ claim: 'cty', expected: 'JWT or at+jwt', actual: cty, hint })
  }
  const kid = own(members, 'kid')
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > longestKeyId)) {
    const expected = `a string of at most ${longestKeyId} characters`
    throw refusal({ claim: 'kid', expected, actual: kid })
  }
  const epk = Object(own(members, 'epk')) as object
  return { alg: alg as KeyAlgorithm, enc: enc as ContentAlgorithm, kid, crv: own(epk, 'crv'), members }
}

function membersOf(part: string): Record<string, unknown> {
  const bytes = fromBase64url(part)
  if (bytes !== undefined) {
    try {
      return parseJsonObject(bytes)
    } catch {
      // Refused below: the parser's message quotes the text.
    }
  }
  throw refusal({ hint: 'the header of the encrypted token is not a JSON object in base64url' })
}

/** One reason and one sentence, whatever is wrong with an encrypted token (RFC 7516 §11.5). */
export function refusal(detail: RefusalDetail): InvalidTokenError {
  return new InvalidTokenError('malformed', { detail })
}
