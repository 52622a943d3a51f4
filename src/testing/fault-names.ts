/**
 * A way for the test server to misbehave.
 *
 * - `400` to `504`: that status.
 * - `hang`: takes the request and never responds. `reset`: resets the connection instead of responding.
 *   `reset-body`: cuts it in mid-body. `truncated`: sends valid JSON, but less than `content-length` promises.
 * - `slow`: one byte per second. `endless`: a body without end. `huge`: 1 GiB of valid JSON.
 *   `bomb`: valid JSON, less than 256 KiB of gzip on the wire and 192 MiB inflated.
 * - `redirect`: to `location`, by default to a place on the same server that responds correctly.
 * - `html`: a sign-in page. `text`: not JSON, though labelled so. `array`: `[]`. `no-keys`: `{}`.
 * - `bom`: a byte order mark in front. `duplicate`: the first member written twice, the good one last.
 * - `not-modified`: 304 although the request was not conditional.
 * - `empty`: a set without keys. `partial`: a malformed entry ahead of the good keys. `poisoned`: only keys that
 *   nobody should use: RSA of 1024 bits, RSA with exponent 1, a symmetric key, and the issuer's own private key.
 * - `other-issuer`: metadata that names another issuer.
 */
export type Fault =
  | '400'
  | '401'
  | '403'
  | '404'
  | '410'
  | '429'
  | '500'
  | '502'
  | '503'
  | '504'
  | 'hang'
  | 'reset'
  | 'reset-body'
  | 'truncated'
  | 'slow'
  | 'endless'
  | 'huge'
  | 'bomb'
  | 'redirect'
  | 'html'
  | 'text'
  | 'array'
  | 'no-keys'
  | 'bom'
  | 'duplicate'
  | 'not-modified'
  | 'empty'
  | 'partial'
  | 'poisoned'
  | 'other-issuer'

/** The particulars of a fault. */
export interface FaultOptions {
  /**
   * What fails; a fault that has a meaning for one of them only is confined to it.
   * @default 'keys', and 'metadata' for `other-issuer`
   */
  readonly target?: 'keys' | 'metadata' | 'all'
  /** How many responses fail before the server works again. @default without end */
  readonly times?: number
  /** The status of the response, for a fault that has one. @default the fault's own, else 200 */
  readonly status?: number
  /** `Retry-After`: seconds, or the text to send. @default not sent */
  readonly retryAfter?: number | string
  /** Where `redirect` leads. @default '/elsewhere' on the same server, which responds correctly */
  readonly location?: string
}
