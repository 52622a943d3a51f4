/** The part of a platform's context that keeps work alive after the response, as Workers have it. */
export interface ExecutionContext {
  waitUntil(work: Promise<unknown>): void
}

/** Tells whether an argument is the platform's context. */
export function isExecutionContext(value: unknown): value is ExecutionContext {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { waitUntil?: unknown }).waitUntil === 'function'
  )
}

/** A copy, since the headers of some responses cannot be changed; headers of the handler stay. */
export async function withHeaders(
  pending: Response | Promise<Response>,
  headers: Readonly<Record<string, string>>,
): Promise<Response> {
  const response = await pending
  // Only successful responses are meant; some of the others, such as 101, cannot be made again.
  if (!response.ok) return response
  const copy = new Response(response.body, response)
  for (const name of Object.keys(headers)) {
    if (!copy.headers.has(name)) copy.headers.set(name, headers[name] as string)
  }
  return copy
}
