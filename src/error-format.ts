import type { AuthError } from './errors.ts'

/** The default body of a refusal, also an argument of {@link ErrorFormatter}. */
export interface ErrorBody {
  /** The error code, for example `invalid_token`; `unauthorized` and `temporarily_unavailable` stand only here. */
  readonly error: string
  /** A fixed sentence. It has nothing of the token in it. */
  readonly error_description: string
}

/** What an {@link ErrorFormatter} returns. */
export interface FormattedError {
  /** A media type, for example `application/json`. */
  readonly contentType: string
  /** A string is sent as it is, anything else as JSON. */
  readonly body: unknown
}

/**
 * Writes the body of a refusal. It is synchronous, and changes neither status nor headers. When it throws, returns a
 * promise, or returns anything else than {@link FormattedError}, the default body is sent, with a warning of the
 * process the first time.
 *
 * @param error the refusal; its `detail` and `cause` are for logs, not for the client
 * @param body the default body
 */
export type ErrorFormatter = (error: AuthError, body: ErrorBody) => FormattedError

/** How refusals are written: `oauth` is the default body, `problem` that of RFC 9457. */
export type ErrorFormat = 'oauth' | 'problem' | ErrorFormatter
