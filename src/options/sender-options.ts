/** Options about this API as its callers address it, and about who may send a token. */
export interface SenderOptions {
  /**
   * This API's own identifier and public URL, for example `https://api.example.com/mcp` (RFC 8707 §2, RFC 9728 §1.2):
   * absolute, `https:`, without fragment. `http:` is accepted for `127.0.0.0/8`, `[::1]`, `localhost` and the hosts of
   * `allowInsecureHosts`. Requests never change it: neither `Host` nor `X-Forwarded-*` is read.
   *
   * @default none
   */
  readonly resource?: string | undefined
}
