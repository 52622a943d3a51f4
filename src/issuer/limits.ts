/** Least freshness, whatever the issuer sends: `max-age=0` must not become a fetch per request. Seconds. */
export const minFreshFor = 60

/** A background refresh starts at this part of the freshness, less the jitter that spreads a fleet. */
export const refreshAhead = { from: 0.8, jitter: 0.1 }

/** Milliseconds before the one retry within a fetch. */
export const retryPauseMs = { min: 100, max: 300 }

/** Milliseconds that a fetch may take beyond its own limit before it counts as failed, whatever became of it. */
export const fetchMarginMs = 500

/** Milliseconds a request waits for new keys while old ones serve and a fetch failed lately. */
export const maxWaitMs = 1000

/** Seconds after the end of a pause for which the failure before it still counts as recent. */
export const recentFailure = 60

/** Seconds before the next attempt after failures in a row: doubling, drawn anew each time. */
export const pauses = { first: 1, max: 60 }

/** Longest a `Retry-After` is honoured, in seconds. */
export const maxRetryAfter = 300

/** Refetches for unknown keys: so many at once, one more each so many seconds. */
export const forcedRefreshes = { burst: 2, every: 10 }

/** Requests that wait for the keys of one issuer at a time: each takes memory for as long as the issuer hangs. */
export const maxWaiting = 5000

/** Unknown key ids remembered: so many, for so many seconds. */
export const missedKeyIds = { max: 256, seconds: 60 }

/** Seconds after which the `issuers` function is called again. */
export const vouchedFor = 600

/** Issuers for which the function may be pending at a time. */
export const maxAsking = 1000

/** Dynamic issuers of which no signature was verified yet: so many are kept. */
export const maxUnproven = 32

/** Fetches that all unproven issuers share: so many at once, one more each so many seconds. */
export const unprovenFetches = { burst: 32, every: 2 }

/** Issuers whose budgets are remembered, whether their keys are kept or not. */
export const maxBudgets = 1000

/** Bytes of one answer about a token. */
export const maxAnswerBytes = 65_536

/** Seconds for which the place of the introspection endpoint is not asked for again. */
export const endpointFreshFor = 3600

/** Failed questions in a row that open the circuit, and the seconds until a probe: doubling, drawn anew each time. */
export const circuit = { failures: 5, first: 1, max: 10 }

/** Questions about tokens that were never active: so many at once, one more each so many seconds. */
export const unknownTokens = { burst: 200, every: 0.05 }

/** The part of all questions in flight that tokens may have which were never active; rounded up. */
export const unknownShare = 0.8

/** Requests that wait for answers about tokens at a time. */
export const maxAwaiting = 20_000

/** Answers that are remembered: about active tokens, and about inactive ones. */
export const maxAnswers = { active: 10_000, inactive: 10_000 }

/** Bytes of all remembered answers together. */
export const maxAnswersBytes = 16_000_000

/** Seconds a signed answer may be old (RFC 9701 §5). */
export const signedAnswerAge = 60

/** Seconds a client's assertion is valid. */
export const assertionLifetime = 60
