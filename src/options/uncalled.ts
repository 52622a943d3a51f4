/**
 * What to add to a message about options that are a request: the framework called `verifyJwt` itself, as middleware.
 */
export function uncalledHint(value: unknown): string {
  return isRequest(value)
    ? '; this is a request, so verifyJwt itself is the middleware: call it, for example app.use(verifyJwt(options))'
    : ''
}

/** Whether a value is a request of Node, of the web or of a framework, or a context that has one. */
function isRequest(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { method, headers, req } = value as Readonly<Record<string, unknown>>
  return (typeof method === 'string' && typeof headers === 'object') || typeof req === 'object'
}
