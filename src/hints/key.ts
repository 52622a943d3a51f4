import { own } from '../lib/objects.ts'
import type { JwtHeader } from '../types.ts'
import { isMicrosoft, isOktaOrg, oktaOrg } from './issuer.ts'

const graph =
  'a token for Microsoft Graph, which nobody else can verify (it has a nonce in its header): request a scope of this API instead'

/** Tells why a signature may be wrong although the key is there. @param issuer the trusted issuer */
export function signatureHint(header: JwtHeader, issuer: string): string {
  if (isMicrosoft(issuer) && Object.hasOwn(header, 'nonce')) return graph
  if (header.alg.startsWith('HS'))
    return 'it was made with another secret, or the token was changed on its way'
  return own(header, 'kid') === undefined
    ? 'no key of the issuer made it: the token was changed on its way, or its key was withdrawn'
    : 'the key with this kid did not make it: the token was changed on its way, or the issuer has a new key under the same kid, as a development server may after a restart (api.refresh() fetches the keys again)'
}

/** Tells why there may be no key for a token. @param issuer the trusted issuer */
export function unknownKeyHint(outcome: 'absent' | 'ambiguous', header: JwtHeader, issuer: string): string {
  if (isMicrosoft(issuer) && Object.hasOwn(header, 'nonce')) return graph
  if (isOktaOrg(issuer)) return oktaOrg
  if (outcome === 'ambiguous') {
    return 'several keys of the issuer fit, and the token does not say which one by a kid of its own'
  }
  return own(header, 'kid') === undefined
    ? 'the token has no kid, and no key of the issuer is for its algorithm'
    : 'the issuer does not publish a key with this kid: the token is older than its last change of keys (a restart, on a development server), or of another environment; get a new token'
}

/** Tells what to do about an algorithm that is not accepted. */
export function algorithmHint(alg: unknown, accepted: readonly string[]): string {
  if (typeof alg !== 'string') return 'the header of the token has no alg'
  if (alg === 'none') return 'the token is not signed, as those of emulators are'
  if (alg.startsWith('HS') && !accepted.some((name) => name.startsWith('HS'))) {
    return 'the token is signed with a shared secret, which public keys cannot check: set the issuer to an asymmetric algorithm such as RS256 or ES256, or configure its secret'
  }
  if (!alg.startsWith('HS') && accepted.every((name) => name.startsWith('HS'))) {
    return 'the token is signed with a private key, and only a secret is configured: leave out secret, so that the keys of the issuer are fetched'
  }
  return 'where the issuer signs with it on purpose, add it to algorithms'
}

/** What to do about a key that is there, but for another algorithm. */
export const misfitHint =
  'the key of the issuer is for another algorithm (RFC 8725 §3.1), or algorithms leaves out the one of the key'
