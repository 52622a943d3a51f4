import { PerformanceObserver } from 'node:perf_hooks'
import { createTestIssuer, type TestIssuer } from 'oauth-resource-server/testing'
import { libraries, type Library } from './library.ts'
import { median } from './measure.ts'
import { requestWith } from './tokens.ts'

/** What one call costs that lets a request pass. */
export interface GuardResult {
  readonly name: string
  readonly nanoseconds: number
  readonly bytes: number
}

/** Measures heap and time of passing calls. Needs `--expose-gc`, and a young generation that holds them all. */
export async function guardPart(
  baseline: string,
  name: string | undefined,
  calls: number,
): Promise<readonly GuardResult[]> {
  const library = (await libraries(baseline)).find((candidate) => candidate.name === name)
  if (library === undefined) throw new Error(`no such library: ${name ?? ''}`)
  return passing(library, await createTestIssuer(), calls)
}

/** The guards of one build of the library, called as Express calls them. */
async function passing(library: Library, issuer: TestIssuer, calls: number): Promise<GuardResult[]> {
  const { name, core, express } = library
  const scopes = ['orders:read', 'orders:write'] as const
  const token = await issuer.sign({ scope: scopes.join(' '), exp: Math.floor(Date.now() / 1000) + 7200 })
  const api = core.createResourceServer({
    issuer: issuer.issuer,
    audience: issuer.audience,
    jwks: issuer.jwks,
  })
  const auth = await api.verify(token)
  const request = requestWith(token)
  const response = { headersSent: false, writableEnded: false, destroyed: false, locals: {} }
  const guard = core.scope(...scopes) as (...given: unknown[]) => unknown
  const requireScope = express.requireScope(...scopes) as (...given: unknown[]) => void
  const verifyJwt = express.verifyJwt(api) as (...given: unknown[]) => void
  let passed = 0
  const next = (error?: unknown): void => {
    if (error !== undefined) throw error as Error
    passed++
  }
  // The adapter notes for this request what its guards ask for.
  verifyJwt(request, response, next)
  requireScope(request, response, next)
  if (passed !== 2) throw new Error(`${name}: a call did not pass, or passed later`)
  return [
    await measured(`${name}: scope() alone`, calls, () => guard(auth, request)),
    await measured(`${name}: requireScope() of express`, calls, () => requireScope(request, response, next)),
    await measured(`${name}: verifyJwt() of express, token seen before`, calls / 10, () =>
      verifyJwt(request, response, next),
    ),
  ]
}

async function measured(name: string, calls: number, call: () => unknown): Promise<GuardResult> {
  for (let warm = 0; warm < 100_000; warm++) call()
  const results: GuardResult[] = []
  while (results.length < 5) results.push(await measuredOnce(name, calls, call))
  const middle = (part: 'nanoseconds' | 'bytes'): number => median(results.map((result) => result[part]))
  return { name, nanoseconds: middle('nanoseconds'), bytes: middle('bytes') }
}

async function measuredOnce(name: string, calls: number, call: () => unknown): Promise<GuardResult> {
  let collections = 0
  const observer = new PerformanceObserver((list) => (collections += list.getEntries().length))
  for (;;) {
    globalThis.gc?.()
    await new Promise((resolve) => setTimeout(resolve, 10))
    collections = 0
    observer.observe({ entryTypes: ['gc'] })
    const before = process.memoryUsage().heapUsed
    const start = performance.now()
    for (let done = 0; done < calls; done++) call()
    const nanoseconds = ((performance.now() - start) * 1e6) / calls
    const bytes = (process.memoryUsage().heapUsed - before) / calls
    await new Promise((resolve) => setTimeout(resolve, 10))
    observer.disconnect()
    // A collection in between would have hidden what was allocated.
    if (collections === 0) return { name, nanoseconds, bytes: Math.max(0, Math.round(bytes)) }
    calls = Math.ceil(calls / 2)
  }
}
