import { InvalidTokenError, UpstreamError } from '../errors.ts'
import type { Decrypter } from '../jose/decrypt.ts'
import { type AcceptedEncryption, type JweHeader, looksEncrypted, parseJwe, refusal } from '../jose/jwe.ts'
import type { Clock } from '../lib/clock.ts'
import { limited } from '../lib/limited.ts'
import { own } from '../lib/objects.ts'
import { pendingWork } from '../lib/pending.ts'
import { isSame } from '../lib/same.ts'
import type { MaybePromise } from '../types.ts'
import { type Trace, traced, tracedNow } from './check.ts'
import { withSignedHash } from './signed-hash.ts'
import type { TokenSource, VerifiedToken } from './verified-token.ts'

/** What {@link decrypted} works with. */
export interface DecryptionParts {
  readonly accepted: AcceptedEncryption
  readonly decrypter: Decrypter
  readonly clock: Clock
}

/** A decryption that has not ended yet. */
interface Decryption {
  readonly work: Promise<string | undefined>
  /** Seconds of the steady clock: after this it has failed, whatever became of it. */
  readonly until: number
}

/** Tokens that are decrypted at the same time. */
export const maxDecryptions = 100

/** Milliseconds one decryption may take, its turn on a busy machine included. */
const timeoutMs = 5000

/** Seconds after which a client may try again. */
const retryAfter = 1

/** Claims that an issuer may repeat in the header of an encrypted token (RFC 7519 §5.3). */
const repeatedClaims = ['iss', 'sub', 'aud'] as const

/**
 * Decrypts encrypted tokens for a source of signed ones, and passes all others on. The signed token inside is verified
 * like any other, and is all that counts: it must not be encrypted again.
 *
 * At most {@link maxDecryptions} tokens are decrypted at the same time; one more is 503. Requests with the same token
 * share one decryption.
 */
export function decrypted(source: TokenSource, { accepted, decrypter, clock }: DecryptionParts): TokenSource {
  const begin = pendingWork(clock.steady, maxDecryptions)
  const within = limited(clock, { name: 'decryption', timeoutMs, maxPending: Infinity })
  /** By token, the oldest first. */
  const underWay = new Map<string, Decryption>()

  /** Some runtimes (Workers) end the work of a request together with it, and never say so. */
  function forgetOverdue(now: number): void {
    for (const [token, { until }] of underWay) {
      if (now < until) return
      underWay.delete(token)
    }
  }

  function textIn(token: string, header: JweHeader): MaybePromise<string | undefined> {
    const now = clock.steady()
    forgetOverdue(now)
    const before = underWay.get(token)
    if (before !== undefined) return within(before.work, (before.until - now) * 1000)
    const end = begin(timeoutMs)
    if (end === undefined) {
      const hint = `decryption: ${maxDecryptions} tokens are being decrypted`
      throw new UpstreamError(retryAfter, { detail: { hint } })
    }
    const work = decrypter.decrypt(token, header)
    const decryption = { work, until: now + timeoutMs / 1000 }
    underWay.set(token, decryption)
    const ended = (): void => {
      end()
      if (underWay.get(token) === decryption) underWay.delete(token)
    }
    work.then(ended, ended)
    return within(work)
  }

  async function signedIn(token: string, header: JweHeader): Promise<string> {
    const text = await textIn(token, header)
    if (text === undefined) {
      const hint =
        'the token cannot be decrypted: it was changed, or encrypted to a key that is not in decryption.keys'
      throw refusal({ hint })
    }
    return text
  }

  async function verifyEncrypted(token: string, trace: Trace | undefined): Promise<VerifiedToken> {
    const header = tracedNow('encryption', trace, () => parseJwe(token, accepted))
    const signed = await traced('decryption', trace, () => signedIn(token, header))
    // Read again: the decryption may have taken seconds.
    const verified = await source.verify(signed, clock.wall(), trace)
    checkRepeated(header, verified)
    return withSignedHash(verified, signed)
  }

  return {
    verify: (token, now, trace) =>
      looksEncrypted(token) ? verifyEncrypted(token, trace) : source.verify(token, now, trace),
    stillHolds: source.stillHolds,
  }
}

function checkRepeated({ members }: JweHeader, { claims }: VerifiedToken): void {
  for (const claim of repeatedClaims) {
    const outer = own(members, claim)
    if (outer !== undefined && !isSame(outer, own(claims, claim))) {
      const expected = 'the same in the header of the encrypted token'
      throw new InvalidTokenError('claim', { detail: { claim, expected, actual: own(claims, claim) } })
    }
  }
}

/** Refuses every token that is not encrypted. */
export function onlyEncrypted(source: TokenSource): TokenSource {
  return {
    verify(token, now, trace) {
      if (!looksEncrypted(token)) {
        const hint = 'the token is not encrypted, and decryption.required is set'
        throw new InvalidTokenError('type', { detail: { hint } })
      }
      return source.verify(token, now, trace)
    },
    stillHolds: source.stillHolds,
  }
}
