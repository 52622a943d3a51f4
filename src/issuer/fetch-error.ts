import { shownUrl } from '../lib/url.ts'

/** Facts of a {@link FetchError}. */
export interface FetchErrorOptions extends ErrorOptions {
  readonly status?: number | undefined
  readonly retryAfter?: number | undefined
  readonly url?: string | undefined
}

/** Why a response cannot be used. Its message is a fixed sentence with the status, without content. */
export class FetchError extends Error {
  override readonly name = 'FetchError'
  /** HTTP status, where there was an answer. */
  readonly status: number | undefined
  /** Seconds of the `Retry-After` header. */
  readonly retryAfter: number | undefined
  /** The URL, without query. */
  readonly url: string | undefined
  /** The error code of the system, for example `ECONNREFUSED`, where there is one. */
  readonly code: string | undefined

  constructor(message: string, options: FetchErrorOptions = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.status = options.status
    this.retryAfter = options.retryAfter
    this.url = options.url === undefined ? undefined : shownUrl(options.url)
    this.code = codeOf(options.cause)
  }

  /** The same error, with the URL when it has none yet. */
  at(url: string): FetchError {
    if (this.url !== undefined) return this
    const { message, status, retryAfter, cause } = this
    return new FetchError(message, { status, retryAfter, cause, url })
  }
}

/** Most causes of causes that are looked at. */
const maxCauses = 5

/** The first code on the way from an error to its cause; `fetch` hides the system's error there. */
function codeOf(error: unknown): string | undefined {
  let cause = error
  for (let depth = 0; depth < maxCauses && typeof cause === 'object' && cause !== null; depth++) {
    const { code, cause: next, errors } = cause as { code?: unknown; cause?: unknown; errors?: unknown }
    if (typeof code === 'string' && /^[A-Z][A-Z\d_]{0,63}$/.test(code)) return code
    cause = next ?? (Array.isArray(errors) ? (errors as unknown[])[0] : undefined)
  }
  return undefined
}
