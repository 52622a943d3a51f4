import { PerformanceObserver } from 'node:perf_hooks'
import { createResourceServer, scope } from 'oauth-resource-server'
import { requireScope as expressScope, verifyJwt as expressVerify } from 'oauth-resource-server/express'
import { requireScope as fastifyScope } from 'oauth-resource-server/fastify'
import { type TestIssuer, createTestIssuer } from 'oauth-resource-server/testing'
import { median } from './measure.ts'
import { requestWith } from './tokens.ts'

/** What one call costs that lets a request pass. */
export interface GuardResult {
  readonly name: string
  readonly nanoseconds: number
  readonly bytes: number
}

/** Measures heap and time of passing calls. Needs `--expose-gc`, and a young generation that holds them all. */
export async function guardPart(calls: number): Promise<readonly GuardResult[]> {
  const issuer: TestIssuer = await createTestIssuer()
  const token = await issuer.sign({
    scope: 'orders:read orders:write',
    exp: Math.floor(Date.now() / 1000) + 7200,
  })
  const { issuer: name, audience, jwks } = issuer
  const api = createResourceServer({ issuer: name, audience, jwks })
  const auth = await api.verify(token)
  const request = requestWith(token)
  const guard = scope('orders:read', 'orders:write')
  const express = expressScope('orders:read', 'orders:write') as (...given: unknown[]) => void
  const fastify = fastifyScope('orders:read', 'orders:write') as (...given: unknown[]) => void
  const verifyJwt = expressVerify(api) as (...given: unknown[]) => void
  const response = {}
  const next = (error?: unknown): void => {
    if (error !== undefined) throw error as Error
  }
  // The adapter leaves on it what its guards look for.
  verifyJwt(request, response, next)
  return [
    await measured('an empty call', calls, () => next()),
    await measured('scope() guard alone', calls, () => guard(auth, request)),
    await measured('requireScope() of express', calls, () => express(request, response, next)),
    await measured('requireScope() of fastify', calls, () => fastify(request, response, next)),
    await measured('verifyJwt() of express, token seen before', calls / 10, () =>
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
