import type { HttpRequest } from '../types.ts'

/**
 * Reads a request header. Names are compared without regard to case (RFC 9110 §5.1).
 *
 * @param name in lower case
 * @returns every value the request shows, `undefined` when there is none
 */
export function headerValues(
  { headers, rawHeaders }: HttpRequest,
  name: string,
): string | readonly string[] | undefined {
  // A test button of a gateway sends events without any headers.
  if ((headers as unknown) === undefined || (headers as unknown) === null) return undefined
  if (typeof headers.get === 'function') return headers.get(name) ?? undefined
  const record = headers as Readonly<Record<string, string | readonly string[] | null | undefined>>
  // Node writes every name in lower case; the parts of an event may not.
  if (rawHeaders !== undefined) return Object.hasOwn(record, name) ? (record[name] ?? undefined) : undefined
  const names = Object.keys(record).filter((key) => key.toLowerCase() === name)
  const values = names.flatMap((key) => record[key] ?? [])
  return values.length === 0 ? undefined : values
}

/** Reads the first value of a request header. */
export function firstHeader(request: HttpRequest, name: string): string | undefined {
  const values = headerValues(request, name)
  return typeof values === 'string' ? values : values?.[0]
}

/**
 * Reads a header that may be sent once (RFC 9110 §5.3). Node keeps the first of two Authorization headers in `headers`
 * and does not report it, so `rawHeaders` is read where there is one.
 *
 * @param name in lower case
 * @param repeated makes the error for a header that was sent more than once
 */
export function onlyHeader(request: HttpRequest, name: string, repeated: () => Error): string | undefined {
  const { rawHeaders } = request
  if (rawHeaders !== undefined && countOf(rawHeaders, name) > 1) throw repeated()
  const values = headerValues(request, name)
  if (values === undefined || typeof values === 'string') return values
  if (values.length > 1) throw repeated()
  return values[0]
}

function countOf(rawHeaders: readonly string[], name: string): number {
  let count = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const candidate = rawHeaders[at] as string
    if (candidate.length !== name.length) continue
    if (candidate === name || candidate.toLowerCase() === name) count++
  }
  return count
}
