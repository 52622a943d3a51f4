import type { TokenRequest } from '../types.ts'
import type { DpopOptions } from './dpop.ts'
import type { MtlsOptions } from './mtls.ts'

/** Options about this API as its callers address it, and about who may send a token. */
export interface SenderOptions<R = TokenRequest> {
  /**
   * This API's own identifier and public URL, for example `https://api.example.com/mcp` (RFC 8707 §2, RFC 9728 §1.2):
   * absolute, `https:`, without fragment. `http:` is accepted for `127.0.0.0/8`, `[::1]`, `localhost` and the hosts of
   * `allowInsecureHosts`. Requests never change it: neither `Host` nor `X-Forwarded-*` is read.
   *
   * @default none
   */
  readonly resource?: string | undefined
  /**
   * Accepts tokens that are bound to a key, with proofs of that key (DPoP, RFC 9449). Needs `resource`.
   *
   * @default off: tokens bound to a key are refused
   */
  readonly dpop?: DpopOptions<R> | undefined
  /**
   * Scopes that a 401 names when no guard has run yet: what a client should request at first. Inside `protect()` the
   * scopes of its guards are named instead.
   *
   * @default none
   */
  readonly challengeScopes?: readonly string[] | undefined
  /**
   * Accepts tokens that are bound to a certificate, from clients that connect with it (mutual TLS, RFC 8705 §3).
   *
   * @default off: tokens bound to a certificate are refused
   */
  readonly mtls?: MtlsOptions<R> | undefined
}
