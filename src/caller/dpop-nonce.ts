import { hmac } from '#platform'
import { InvalidProofError } from '../errors.ts'
import { isEqualText } from '../lib/equal-text.ts'
import type { NonceSettings } from '../options/dpop.ts'
import type { ResponseHeaders } from './request-checks.ts'

/** Checks nonces, and makes them. */
export interface Nonces {
  /**
   * Checks the nonce of a proof (RFC 9449 §9).
   *
   * @param now seconds since the epoch
   * @returns headers with the next nonce, once half of the life of this one is over
   * @throws {InvalidProofError} `nonce`, with a fresh one, for anything but a nonce of ours that is still good
   */
  readonly check: (nonce: unknown, now: number) => Promise<ResponseHeaders | undefined>
}

/**
 * Makes and checks nonces without remembering any: each is the time it was made, in seconds, and its HMAC. So every
 * process that has the secret accepts the nonces of the others, and nobody else can make one.
 *
 * @param leeway seconds that the clock of another process may be ahead
 */
export function nonces({ secrets, lifetime }: NonceSettings, leeway: number): Nonces {
  const nonceAt = async (secret: Uint8Array, time: string): Promise<string> =>
    `${time}.${await hmac(secret, `oauth-resource-server DPoP-Nonce ${time}`)}`

  async function isOurs(nonce: string, time: string): Promise<boolean> {
    const ours = await Promise.all(secrets.map((secret) => nonceAt(secret, time)))
    // Every one is compared, and in full: how long that takes tells nothing.
    return ours.filter((each) => isEqualText(each, nonce)).length > 0
  }

  async function ageOf(nonce: unknown, now: number): Promise<number | undefined> {
    if (typeof nonce !== 'string') return undefined
    const [time] = nonce.split('.', 1) as [string]
    const age = now - parseInt(time, 36)
    // Refuses NaN too: what begins with no number is no nonce of ours.
    if (!(age <= lifetime && age >= -leeway - 1)) return undefined
    return (await isOurs(nonce, time)) ? age : undefined
  }

  const fresh = (now: number): Promise<string> =>
    nonceAt(secrets[0] as Uint8Array, Math.floor(now).toString(36))

  return {
    async check(nonce, now) {
      const age = await ageOf(nonce, now)
      if (age === undefined) {
        const hint =
          'clients repeat the request with the nonce of the header DPoP-Nonce; one refusal is no fault'
        throw new InvalidProofError('nonce', { nonce: await fresh(now), detail: { claim: 'nonce', hint } })
      }
      if (age < lifetime / 2) return undefined
      // A cache must not give it to others (§8.2).
      return { 'DPoP-Nonce': await fresh(now), 'Cache-Control': 'no-store' }
    },
  }
}
