import { metrics, SpanStatusCode, trace } from '@opentelemetry/api'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { createResourceServer, type ResourceServer } from 'oauth-resource-server'
import { createTestIssuer, type TestIssuer, type TestServer } from 'oauth-resource-server/testing'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { recordTelemetry } from '../examples/telemetry.ts'

const spans = new InMemorySpanExporter()
const measured = new InMemoryMetricExporter(AggregationTemporality.DELTA)
const reader = new PeriodicExportingMetricReader({ exporter: measured, exportIntervalMillis: 3_600_000 })
const meterProvider = new MeterProvider({ readers: [reader] })
const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] })

let issuer: TestIssuer
let server: TestServer
let api: ResourceServer
let ahead = 0
let stop: () => void

beforeAll(async () => {
  metrics.setGlobalMeterProvider(meterProvider)
  trace.setGlobalTracerProvider(tracerProvider)
  stop = recordTelemetry()
  issuer = await createTestIssuer()
  server = await issuer.listen()
})
afterAll(async () => {
  stop()
  await Promise.all([server.close(), meterProvider.shutdown(), tracerProvider.shutdown()])
  metrics.disable()
  trace.disable()
})
beforeEach(() => {
  ahead = 0
  const now = (): number => Date.now() + ahead * 1000
  api = createResourceServer({ ...server.options, audience: issuer.audience as string, now })
})
afterEach(() => {
  server.heal()
  spans.reset()
  measured.reset()
})

/** What was recorded: per instrument the attributes and the count or sum. */
async function recorded(): Promise<Record<string, [attributes: object, value: unknown][]>> {
  await reader.forceFlush()
  const all = measured
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics))
  measured.reset()
  return Object.fromEntries(
    all.map(({ descriptor, dataPoints }) => [
      descriptor.name,
      dataPoints.map(({ attributes, value }): [object, unknown] => [
        attributes,
        typeof value === 'number' ? value : value.count,
      ]),
    ]),
  )
}

it('counts what was verified and refused, and why', async () => {
  const token = await issuer.sign()
  await api.verify(token)
  await api.verify(token)
  await api.verify(await issuer.sign({ aud: 'https://other.test' })).catch(api.refuse)
  expect(await recorded()).toMatchObject({
    'oauth.token.verified': [
      [{ 'oauth.issuer': issuer.issuer, 'oauth.remembered': false }, 1],
      [{ 'oauth.issuer': issuer.issuer, 'oauth.remembered': true }, 1],
    ],
    'oauth.token.refused': [[{ 'oauth.reason': 'audience', 'http.response.status_code': 401 }, 1]],
  })
})

it('measures fetches, and traces each', async () => {
  await api.ready()
  expect((await recorded())['oauth.keys.fetch.duration']).toEqual([[{ 'oauth.issuer': issuer.issuer }, 1]])
  const [span] = spans.getFinishedSpans()
  expect(span?.name).toBe('fetch keys')
  expect(span?.attributes).toEqual({ 'oauth.issuer': issuer.issuer })
  expect(span?.status.code).toBe(SpanStatusCode.UNSET)
  expect(span?.parentSpanContext).toBeUndefined()
  expect(span?.ended).toBe(true)
})

it('says what went wrong with a fetch', async () => {
  await server.fail('404')
  await api.ready().catch(() => undefined)
  const error = 'the server answered with status 404'
  const [span] = spans.getFinishedSpans()
  expect(span?.status).toEqual({ code: SpanStatusCode.ERROR, message: error })
  expect((await recorded())['oauth.keys.fetch.duration']).toEqual([
    [{ 'oauth.issuer': issuer.issuer, 'error.type': error }, 1],
  ])
})

it('counts what operators should know of', async () => {
  await api.ready()
  for (const kid of ['1', '2', '3']) await api.verify(await issuer.sign({}, { kid })).catch(() => undefined)
  await server.fail('404')
  ahead = 700
  await api.verify(await issuer.sign({ exp: Date.now() / 1000 + 1e6 }))
  const counts = (await recorded())['oauth.keys.events']?.map(([attributes, count]) => [
    (attributes as Record<string, unknown>)['oauth.event'],
    count,
  ])
  expect(Object.fromEntries(counts ?? [])).toEqual({
    keysChanged: 1,
    notModified: 2,
    unknownKeyId: 3,
    refreshLimited: 1,
    staleServed: 1,
  })
})

it('stops when told to', async () => {
  stop()
  await api.verify(await issuer.sign())
  expect(await recorded()).toEqual({})
  stop = recordTelemetry()
})
