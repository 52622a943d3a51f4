import type { RefusalDetail } from '../detail.ts'
import type { RefusalOptions } from '../errors.ts'
import { networkHint } from '../hints/network.ts'
import { plain } from '../hints/plain.ts'
import { UnusableKeySetError } from '../jose/key-set.ts'
import { shownUrl } from '../lib/url.ts'

/** Facts of a {@link FetchError}. */
export interface FetchErrorOptions extends ErrorOptions {
  readonly status?: number | undefined
  readonly retryAfter?: number | undefined
  readonly url?: string | undefined
  /** What was compared, for the refusals that follow; in a form that may be shown. */
  readonly detail?: RefusalDetail | undefined
}

/**
 * Why a response cannot be used. Its message is a fixed sentence with the status, without content. An error of the
 * system or of the application's `fetch` is not its cause: its message may have the whole URL in it.
 */
export class FetchError extends Error {
  override readonly name = 'FetchError'
  /** HTTP status, where there was a response. */
  readonly status: number | undefined
  /** Seconds of the `Retry-After` header. */
  readonly retryAfter: number | undefined
  /** The URL, without query. */
  readonly url: string | undefined
  /** The error code of the system, for example `ECONNREFUSED`, where there is one. */
  readonly code: string | undefined
  /** The name of an error without a code, for example `TypeError`: `fetch` itself failed. */
  readonly thrown: string | undefined
  /** What was compared. */
  readonly detail: RefusalDetail | undefined

  constructor(message: string, options: FetchErrorOptions = {}) {
    const { cause, url } = options
    super(message, cause instanceof UnusableKeySetError ? { cause } : {})
    this.status = options.status
    this.retryAfter = options.retryAfter
    this.url = url === undefined ? undefined : shownUrl(url)
    this.code = codeOf(cause)
    this.thrown = this.code === undefined ? nameOf(cause) : undefined
    this.detail = options.detail
    plain(this)
  }

  /** The same error, with the URL when it has none yet. */
  at(url: string): FetchError {
    return this.url === undefined ? this.#with({ url }) : this
  }

  /** The same error, with what to do about it when that is known. */
  advised(hint: string | undefined): FetchError {
    return hint === undefined ? this : this.#with({ detail: { ...this.detail, hint } })
  }

  #with(options: FetchErrorOptions): FetchError {
    const { message, status, retryAfter, cause, url, code, thrown, detail } = this
    const error = new FetchError(message, { status, retryAfter, cause, url, detail, ...options })
    return Object.assign(error, { code, thrown })
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

function nameOf(error: unknown): string | undefined {
  const { name } = Object(error) as { name?: unknown }
  const isTelling = typeof name === 'string' && /^[A-Z][A-Za-z]{0,63}Error$/.test(name)
  return isTelling && !/^(?:Abort|Timeout|UnusableKeySet)Error$/.test(name) ? name : undefined
}

/** What went wrong, where, and with which code of the system: one sentence for operators. */
export function described({ message, url, code, thrown }: FetchError): string {
  const cause = code ?? thrown
  return `${message}${url === undefined ? '' : ` at ${url}`}${cause === undefined ? '' : `, ${cause}`}`
}

/** What a refusal says of the fetch that failed before it. */
export function causedBy(error: FetchError | undefined): RefusalOptions {
  if (error === undefined) return {}
  const hint = error.detail?.hint ?? networkHint(error)
  const sentence = described(error)
  return {
    cause: error,
    detail: { ...error.detail, hint: hint === undefined ? sentence : `${sentence} (${hint})` },
  }
}
