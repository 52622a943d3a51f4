import type { ErrorBody, ErrorFormat, ErrorFormatter } from '../error-format.ts'
import { type AuthError, titleOf } from '../errors.ts'
import { isPromise, unawaited } from '../lib/maybe-promise.ts'

/** The body of a refusal as it is sent. */
export interface WrittenBody {
  readonly contentType: string
  readonly body: string
}

/** Writes the body of a refusal. It never throws. */
export type BodyWriter = (error: AuthError) => WrittenBody

/** Shows a warning of the process. */
type Warn = (message: string, code: string) => void

/** Makes the function that writes bodies. @param warn called at most once, about a formatter that does not work */
export function bodyWriter(format: ErrorFormat, warn: Warn): BodyWriter {
  if (format === 'oauth') return oauth
  return format === 'problem' ? problem : formatted(format, warn)
}

const oauth: BodyWriter = (error) => json('application/json', bodyOf(error))

/** RFC 9457. The type `about:blank` means that the title is that of the status (§4.2.1). */
const problem: BodyWriter = (error) => {
  const { error: code, error_description: detail } = bodyOf(error)
  const { status } = error
  return json('application/problem+json', {
    type: 'about:blank',
    title: titleOf(status),
    status,
    detail,
    error: code,
  })
}

function json(contentType: string, body: object): WrittenBody {
  return { contentType, body: JSON.stringify(body) }
}

/** One shape for every refusal; the body may name what the challenge must not. */
function bodyOf(error: AuthError): ErrorBody {
  const otherwise = error.status >= 500 ? 'temporarily_unavailable' : 'unauthorized'
  return { error: error.code ?? otherwise, error_description: error.message }
}

function formatted(format: ErrorFormatter, warn: Warn): BodyWriter {
  let warned = false
  return (error) => {
    // Before the function runs, which may change the error.
    const standard = oauth(error)
    try {
      return checked(format(error, bodyOf(error)))
    } catch (fault) {
      if (!warned) {
        warned = true
        const what = fault instanceof FormatError ? fault.message : 'it threw an error'
        warn(
          `oauth-resource-server: errorFormat: ${what}, so the default body is sent; return { contentType, body }`,
          'OAUTH_ERROR_FORMAT',
        )
      }
      return standard
    }
  }
}

/** A result that cannot be sent. */
class FormatError extends Error {}

/** A type, a subtype and any parameters (RFC 9110 §8.3.1), in ASCII on one line. */
const mediaType = /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+(?:[\t ]*;[\t\x20-\x7e]*)?$/

const maxMediaType = 256

function checked(result: unknown): WrittenBody {
  if (typeof result !== 'object' || result === null) throw new FormatError('it returned no object')
  unawaited(result)
  if (isPromise(result)) throw new FormatError('it returned a promise')
  const { contentType, body } = result as Record<string, unknown>
  if (isPromise(body)) throw new FormatError('body is a promise')
  if (typeof contentType !== 'string' || contentType.length > maxMediaType || !mediaType.test(contentType)) {
    throw new FormatError('contentType is not a media type')
  }
  const text: unknown = typeof body === 'string' ? body : JSON.stringify(body)
  if (typeof text !== 'string') throw new FormatError('body cannot be written as JSON')
  return { contentType, body: text }
}
