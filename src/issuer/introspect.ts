import { UpstreamError } from '../errors.ts'
import type { Clock } from '../lib/clock.ts'
import { pendingWork } from '../lib/pending.ts'
import type { IntrospectionSettings } from '../options/introspection.ts'
import { type Circuit, circuit, type Passage } from './circuit.ts'
import { clientAuthentication, type ClientProof } from './client-authentication.ts'
import { adviceOn, refusesOne } from './endpoint-status.ts'
import { FetchError } from './fetch-error.ts'
import { type BytesAnswer, type Fetch, postForm } from './fetch-json.ts'
import { type ActiveAnswer, type AnswerReader, answerTypes } from './introspection-answer.ts'
import type { IntrospectionEndpoint } from './introspection-endpoint.ts'
import { type IntrospectionEvents, type IntrospectionHealth } from './introspection-events.ts'
import { fetchMarginMs, maxAnswerBytes, unknownShare } from './limits.ts'
import { withSignal } from './with-signal.ts'

/** Whether a token is the issuer's, as its signature or an earlier answer showed, or may be made up. */
export type Standing = 'known' | 'unknown'

/** Asks one issuer about tokens (RFC 7662). */
export interface Introspector {
  /**
   * Asks about one token, now. The promise settles within the time limit, as far as the runtime lets it.
   *
   * @returns `undefined` for an inactive token
   * @throws {UpstreamError} when there is no usable answer
   */
  readonly ask: (token: string, standing: Standing) => Promise<ActiveAnswer | undefined>
  /** Resolves once the endpoint is known. @throws {UpstreamError} */
  readonly ready: () => Promise<void>
  /** Whether the endpoint is known; if not, it is looked for in the background. */
  readonly isReady: () => boolean
  readonly health: () => IntrospectionHealth
}

/** What {@link introspector} works with. */
export interface IntrospectorOptions {
  readonly issuer: string
  readonly settings: IntrospectionSettings
  readonly endpoint: IntrospectionEndpoint
  readonly read: AnswerReader
  readonly fetch: Fetch
  readonly clock: Clock
  /** A number from 0 up to 1. */
  readonly random: () => number
  readonly events: IntrospectionEvents
}

/**
 * Makes an {@link Introspector} with its limits: of time, of calls in flight, and a circuit breaker.
 *
 * Anyone can make up tokens, also such as an endpoint answers with an error. So tokens of unknown standing have a
 * circuit of their own and a part of the calls in flight: whatever becomes of them, the others are asked about. An
 * answer about any token shows that the endpoint works, and closes both circuits.
 */
export function introspector(options: IntrospectorOptions): Introspector {
  const { issuer, settings, endpoint, read, fetch, clock, events } = options
  const { timeoutMs, maxInFlight } = settings
  const begin = pendingWork(clock.steady, maxInFlight)
  const beginUnknown = pendingWork(clock.steady, Math.ceil(maxInFlight * unknownShare))
  const prove = clientAuthentication(settings, issuer, clock)
  const probeFor = (timeoutMs + fetchMarginMs) / 1000
  const breaker = (): Circuit =>
    circuit({ now: clock.steady, random: options.random, probeFor, name: 'introspection' })
  const circuits: Readonly<Record<Standing, Circuit>> = { known: breaker(), unknown: breaker() }
  const accept = settings.signed ? answerTypes.signed : answerTypes.plain

  async function exchange(token: string, signal: AbortSignal): Promise<ActiveAnswer | undefined> {
    const url = await endpoint.locate(signal, timeoutMs)
    const post = ({ headers, form }: ClientProof): Promise<BytesAnswer> => {
      const body = new URLSearchParams({ token, token_type_hint: 'access_token', ...form }).toString()
      return postForm(url, body, { fetch, signal, maxBytes: maxAnswerBytes, headers: { accept, ...headers } })
    }
    const proof = await prove()
    try {
      const answer = await post(proof).catch(async (error: unknown) => {
        if (!wasCut(error) || signal.aborted) throw error
        // A server may close a connection just as it is used again: asked once more, on another one. With a new
        // assertion, since the server may have seen the first, and an assertion is good for one use.
        return post(await prove())
      })
      return await read(answer)
    } catch (error) {
      const failure = asFetchError(error).at(url)
      throw failure.advised(adviceOn(failure.status))
    }
  }

  async function inTime(token: string): Promise<ActiveAnswer | undefined> {
    const begun = clock.steady()
    const signal = clock.deadline(timeoutMs)
    const answer = await withSignal(exchange(token, signal), signal)
    // The timer may be late as well, on a machine that slept.
    if ((clock.steady() - begun) * 1000 > timeoutMs) throw new FetchError('no complete response in time')
    return answer
  }

  /** Takes a place among the calls in flight. @returns gives it back; `undefined` when there is none */
  function room(standing: Standing): (() => void) | undefined {
    const limitMs = timeoutMs + fetchMarginMs
    if (standing === 'known') return begin(limitMs)
    const end = beginUnknown(limitMs)
    const endOfAll = end && begin(limitMs)
    if (end === undefined || endOfAll === undefined) {
      end?.()
      return undefined
    }
    return () => {
      end()
      endOfAll()
    }
  }

  async function ready(): Promise<void> {
    try {
      await endpoint.locate(clock.deadline(timeoutMs), timeoutMs)
      await prove()
    } catch (error) {
      throw failed(error)
    }
  }

  /** Counts a failure, and makes of it what the client gets. */
  function failed(error: unknown, passage?: Passage): UpstreamError {
    const failure = asFetchError(error)
    if (refusesOne(failure.status)) passage?.succeeded()
    else passage?.failed(failure.retryAfter)
    events.failed(failure)
    return unavailable(failure)
  }

  return {
    async ask(token, standing) {
      const passage = circuits[standing].enter()
      const end = room(standing)
      if (end === undefined) {
        passage.abandoned()
        throw new UpstreamError(1, { detail: { hint: `introspection: ${maxInFlight} calls are pending` } })
      }
      events.asked()
      try {
        const answer = await inTime(token)
        passage.succeeded()
        for (const each of Object.values(circuits)) each.close()
        events.answered()
        return answer
      } catch (error) {
        throw failed(error, passage)
      } finally {
        end()
      }
    },
    ready,
    isReady() {
      if (endpoint.known() !== undefined) return true
      ready().catch(() => undefined)
      return false
    },
    health: () => events.health(Object.values(circuits).some((each) => each.isOpen())),
  }
}

function asFetchError(error: unknown): FetchError {
  return error instanceof FetchError ? error : new FetchError('the answer cannot be read', { cause: error })
}

/** Whether a connection ended without an answer. */
function wasCut(error: unknown): boolean {
  return error instanceof FetchError && error.status === undefined
}

function unavailable(cause: FetchError): UpstreamError {
  const hint = `introspection: ${cause.message}`
  return new UpstreamError(cause.retryAfter ?? 1, { cause, detail: { hint } })
}
