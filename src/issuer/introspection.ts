import { digest } from '#platform'
import { InvalidTokenError, UpstreamError } from '../errors.ts'
import { boundedCache } from '../lib/cache.ts'
import type { Clock } from '../lib/clock.ts'
import { limited } from '../lib/limited.ts'
import { own } from '../lib/objects.ts'
import { permits } from '../lib/permits.ts'
import type { IntrospectionSettings } from '../options/introspection.ts'
import type { MaybePromise } from '../types.ts'
import { FetchError } from './fetch-error.ts'
import type { Introspector, Standing } from './introspect.ts'
import type { ActiveAnswer } from './introspection-answer.ts'
import type { IntrospectionHealth } from './introspection-events.ts'
import { fetchMarginMs, maxAnswers, maxAnswersBytes, maxAwaiting, unknownTokens } from './limits.ts'

/** Whether a signature already showed that the issuer made a token. */
export type TokenOrigin = 'signed' | 'unknown'

/** What one issuer says about tokens, remembered for a short time. */
export interface Introspection {
  readonly tokens: IntrospectionSettings['tokens']
  /**
   * What the issuer says of a token: at once, where that is remembered.
   *
   * @param origin tokens of unknown origin that were never active share a budget of questions
   * @throws {InvalidTokenError} `inactive`
   * @throws {UpstreamError} when there is no usable answer
   */
  readonly answerTo: (token: string, origin: TokenOrigin) => MaybePromise<ActiveAnswer>
  /** Resolves once the endpoint is known. @throws {UpstreamError} */
  readonly ready: () => Promise<void>
  /** Whether the endpoint is known. */
  readonly isReady: () => boolean
  readonly health: () => IntrospectionHealth
}

/** What {@link introspection} works with. */
export interface IntrospectionParts {
  readonly introspector: Introspector
  readonly settings: IntrospectionSettings
  readonly issuer: string
  readonly clock: Clock
}

/** An answer about an active token. Past its time it still tells that the token is not made up. */
interface Active {
  readonly answer: ActiveAnswer
  /** Seconds of the steady clock. */
  readonly until: number
}

/** A question that has not been answered yet. */
interface Question {
  readonly outcome: Promise<Outcome>
  /** Seconds of the steady clock: after this it has failed, whatever became of it. */
  readonly until: number
}

type Outcome = { readonly answer: ActiveAnswer | undefined } | { readonly error: unknown }

/**
 * Remembers answers under a hash of token, endpoint and client, so that the memory holds no credentials and no other
 * endpoint's answers. Ages are counted by the steady clock; no answer is used past the token's `exp`. A failure is
 * never remembered. There is one question per token at a time, however many requests wait for its answer.
 */
export function introspection({ introspector, settings, issuer, clock }: IntrospectionParts): Introspection {
  const { clientId, endpoint, cacheFor, cacheInactiveFor, timeoutMs, tokens } = settings
  const space = encodeURIComponent(JSON.stringify(['introspection', issuer, endpoint, clientId]))
  const limitMs = timeoutMs + fetchMarginMs
  const active = boundedCache<Active>({
    max: maxAnswers.active,
    maxSize: maxAnswersBytes,
    sizeOf: ({ answer }) => answer.bytes,
  })
  // Kept apart, so that made-up tokens evict no answer about an active one.
  const inactive = boundedCache<{ readonly until: number }>({ max: maxAnswers.inactive })
  const asking = new Map<string, Question>()
  const join = limited(clock, { name: 'introspection', timeoutMs: limitMs, maxPending: maxAwaiting })
  const budget = permits(unknownTokens, clock.steady)

  /** @throws {UpstreamError} when there were too many questions about tokens that were never active */
  function standingOf(name: string, origin: TokenOrigin): Standing {
    if (origin === 'signed' || active.get(name) !== undefined) return 'known'
    if (budget.take()) return 'unknown'
    const hint = 'introspection: too many tokens that were never active'
    throw new UpstreamError(1, { detail: { hint } })
  }

  function ask(name: string, token: string, origin: TokenOrigin): Question {
    const standing = standingOf(name, origin)
    const askedAt = clock.steady()
    const outcome = introspector.ask(token, standing).then(
      (answer): Outcome => {
        if (standing === 'unknown' && answer !== undefined) budget.giveBack()
        if (asking.get(name) === question) remember(name, answer, askedAt)
        return { answer }
      },
      (error: unknown): Outcome => {
        if (standing === 'unknown' && !wasAsked(error)) budget.giveBack()
        return { error }
      },
    )
    const question = { outcome, until: askedAt + limitMs / 1000 }
    asking.set(name, question)
    const end = (): void => {
      if (asking.get(name) === question) asking.delete(name)
    }
    outcome.then(end, end)
    return question
  }

  /** An answer about an active token is as old as the question: the token may have been revoked meanwhile. */
  function remember(name: string, answer: ActiveAnswer | undefined, askedAt: number): void {
    const now = clock.steady()
    if (answer === undefined) {
      active.delete(name)
      inactive.set(name, { until: now + cacheInactiveFor })
      return
    }
    const exp = own(answer.claims, 'exp')
    const left = typeof exp === 'number' ? exp - clock.wall() : 0
    inactive.delete(name)
    active.set(name, { answer, until: Math.min(askedAt + cacheFor, now + left) })
  }

  function recall(name: string, token: string, origin: TokenOrigin): MaybePromise<ActiveAnswer> {
    const now = clock.steady()
    const known = active.get(name)
    if (known !== undefined && now < known.until && isCurrent(known.answer)) return known.answer
    const refused = inactive.get(name)
    if (refused !== undefined && now < refused.until) throw notActive()
    const pending = asking.get(name)
    const question = pending === undefined || now >= pending.until ? ask(name, token, origin) : pending
    return Promise.resolve(join(question.outcome)).then((outcome) => {
      if ('error' in outcome) throw outcome.error
      if (outcome.answer === undefined) throw notActive()
      return outcome.answer
    })
  }

  /** The wall clock decides about `exp`, since it may have been set since the answer came. */
  function isCurrent({ claims }: ActiveAnswer): boolean {
    return clock.wall() < Number(own(claims, 'exp'))
  }

  return {
    tokens,
    answerTo(token, origin) {
      const name = digest(`${space}\n${token}`)
      return typeof name === 'string'
        ? recall(name, token, origin)
        : name.then((it) => recall(it, token, origin))
    },
    ready: introspector.ready,
    isReady: introspector.isReady,
    health: introspector.health,
  }
}

/**
 * Whether the question was sent, or was about to be. A made-up token may be why a connection ends without an answer,
 * too; so only what the circuit or the limit of calls stopped costs no permit.
 */
function wasAsked(error: unknown): boolean {
  return (error as Error).cause instanceof FetchError
}

const inactive =
  'the issuer says that the token is not active, and not why: it expired, was revoked, is of another issuer, or the client in the option introspection may not ask about it; the client must get a new token'

/** Without a reason: none was disclosed (RFC 7662 §2.2). */
function notActive(): InvalidTokenError {
  return new InvalidTokenError('inactive', { detail: { hint: inactive } })
}
