/** One step of the verification of one request, as it was decided. */
export interface TraceStep {
  /** What was checked, for example `audience`. */
  readonly name: string
  readonly ok: boolean
  /** Name of the claim, header parameter or option that decided. */
  readonly claim?: string
  /** What the configuration requires. */
  readonly expected?: unknown
  /** What the token has, as far as it may be shown. */
  readonly actual?: unknown
  /** What to do about a step that failed. */
  readonly hint?: string
}

/** Every step of the verification of one request, in order, and what came of it. */
export interface RequestTrace {
  readonly steps: readonly TraceStep[]
  /** The caller; `undefined` for an anonymous caller and for a request that was refused. */
  readonly auth: unknown
  /** The refusal, or any other error; `undefined` when the request was let through. */
  readonly error: unknown
}

interface Traceable {
  readonly trace: (request: object, ...guards: readonly unknown[]) => Promise<RequestTrace>
}

// Where a resource server keeps what its adapters and this test kit call.
const brand = Symbol.for('oauth-resource-server.api')

/**
 * Verifies a request as `api.authenticate(request, ...guards)` does, and reports every decision on the way. The
 * verification itself reports them: nothing is checked a second way. A token that is remembered is verified anew, so
 * that every check shows.
 *
 * @param api a resource server
 * @param request anything with `{ method, url, headers }`, or a bare token
 * @throws {TypeError} when `api` is no resource server
 */
export async function traceOf(
  api: object,
  request: string | object,
  ...guards: readonly unknown[]
): Promise<RequestTrace> {
  const adapter = (api as { readonly [brand]?: Traceable })[brand]
  if (adapter === undefined) throw new TypeError('traceOf: api must be what createResourceServer() returned')
  const asRequest =
    typeof request === 'string' ? { headers: { authorization: `Bearer ${request}` } } : request
  return adapter.trace(asRequest, ...guards)
}
