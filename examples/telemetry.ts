import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { metrics, SpanStatusCode, trace } from '@opentelemetry/api'
import { channelNames } from 'oauth-resource-server'

type Channel = keyof typeof channelNames
type Message = Readonly<Record<string, string | number | boolean>>

/** Channels that are worth a count, besides those that have an instrument of their own. */
const counted = ['notModified', 'keysChanged', 'staleServed', 'unknownKeyId', 'refreshLimited'] as const

/**
 * Records what every resource server of this process does, as metrics and spans. Call it once, after the SDK was
 * registered. No token, claim or key id is in any of it.
 *
 * @returns stops recording
 */
export function recordTelemetry(): () => void {
  const meter = metrics.getMeter('oauth-resource-server')
  const tracer = trace.getTracer('oauth-resource-server')
  const verified = meter.createCounter('oauth.token.verified', { unit: '{token}' })
  const refused = meter.createCounter('oauth.token.refused', { unit: '{token}' })
  const events = meter.createCounter('oauth.keys.events', { unit: '{event}' })
  const duration = meter.createHistogram('oauth.keys.fetch.duration', { unit: 's' })

  /** A fetch tells how long it took when it is over, which is when its span is made. */
  const fetchEnded = ({ issuer, seconds, error }: Message): void => {
    const attributes = {
      'oauth.issuer': String(issuer),
      ...(error === undefined ? {} : { 'error.type': String(error) }),
    }
    duration.record(Number(seconds), attributes)
    const end = Date.now()
    const span = tracer.startSpan('fetch keys', {
      attributes,
      startTime: end - Number(seconds) * 1000,
      root: true,
    })
    if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: String(error) })
    span.end(end)
  }

  const listeners: [Channel, (message: Message) => void][] = [
    [
      'verified',
      ({ issuer, remembered }) =>
        verified.add(1, { 'oauth.issuer': String(issuer), 'oauth.remembered': remembered === true }),
    ],
    [
      'refused',
      ({ reason, status }) =>
        refused.add(1, { 'oauth.reason': String(reason), 'http.response.status_code': Number(status) }),
    ],
    ['fetched', fetchEnded],
    ['notModified', fetchEnded],
    ['fetchFailed', fetchEnded],
    ...counted.map((event): [Channel, (message: Message) => void] => [
      event,
      ({ issuer }) => events.add(1, { 'oauth.issuer': String(issuer), 'oauth.event': event }),
    ]),
  ]
  const subscriptions = listeners.map(([channel, listener]) => {
    const receive = (message: unknown): void => listener(message as Message)
    subscribe(channelNames[channel], receive)
    return () => void unsubscribe(channelNames[channel], receive)
  })
  return () => subscriptions.forEach((stop) => stop())
}
