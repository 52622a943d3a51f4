/** What an awaited function of the user comes to. */
const ends = [
  'allows',
  'refuses',
  'throws',
  'throws undefined',
  'throws null',
  'throws route',
  'cannot tell',
] as const
export type End = (typeof ends)[number]

/** What somebody else does with the response. */
const disturbances = ['nothing', 'answers', 'begins', 'destroys', 'client leaves'] as const
export type Disturbance = (typeof disturbances)[number]

/** What is odd about the framework's objects. */
const hazards = ['nothing', 'getter', 'read-only', 'throwing setter', 'frozen notes', 'foreign auth'] as const

/** What a request waits for, in this order. */
export const stages = ['tokenFrom', 'issuers', 'keys', 'schema', 'guard'] as const
export type Stage = (typeof stages)[number]

/** One round: what happens, and when. */
export interface Round {
  readonly token: 'valid' | 'expired' | 'none'
  readonly tokenFrom: End
  readonly issuers: End
  /** Failed fetches would use up the permits of other rounds. */
  readonly keys: 'allows'
  readonly schema: End
  readonly guard: End
  readonly disturbance: Disturbance
  readonly handler: 'allows' | 'throws'
  /** What is waited for when the disturbance happens. */
  readonly during: Stage
  readonly hazard: (typeof hazards)[number]
}

/** What the client of a round got. */
export type Answer = { readonly status: number; readonly body: string } | 'closed' | 'hangs'

/** What is known of a round after it. */
export interface Outcome {
  readonly answer: Answer
  /** How often the handler ran. */
  readonly handled: number
  /** Writes to a response that was answered before. */
  readonly writes: readonly string[]
}

/** What went wrong in a round, in words; `undefined` when nothing did. */
export function findingOf(
  name: string,
  disturbed: boolean,
  round: Round,
  { answer, handled, writes }: Outcome,
): string | undefined {
  const expected = disturbed ? disturbedAnswer(round) : statusOf(round)
  const status = typeof answer === 'string' ? answer : answer.status
  const complete = status !== 504 || (typeof answer === 'object' && answer.body === 'onetwo')
  // A web handler has no response to look at: it may run for a client that has left.
  const isAllowed = statusBefore(round) === 200
  const mayRun = disturbed ? name === 'fetch' : isAllowed
  const ran = handled === 0 ? disturbed || !isAllowed : mayRun && handled === 1
  // Errors of middleware are a bad request to socket.io.
  const same = status === expected || (name.startsWith('engine') && expected === 500 && status === 400)
  if (same && complete && ran && writes.length === 0) return undefined
  return `expected ${expected}: ${JSON.stringify({ round, answer, handled, writes })}`
}

function disturbedAnswer({ disturbance }: Round): 504 | 'closed' {
  return disturbance === 'answers' || disturbance === 'begins' ? 504 : 'closed'
}

/** Whether nothing before this stage ends the request. */
export function reaches(round: Round, stage: Stage): boolean {
  if (stage === 'tokenFrom') return true
  return (
    round.token === 'valid' && stages.slice(0, stages.indexOf(stage)).every((it) => round[it] === 'allows')
  )
}

function statusOf(round: Round): number {
  const status = statusBefore(round)
  return status === 200 && round.handler === 'throws' ? 500 : status
}

/** Status without the handler. */
function statusBefore(round: Round): number {
  const last = stages.find((stage) => round[stage] !== 'allows' || !reaches(round, stage))
  if (last === undefined) return 200
  const end = round[last]
  if (!reaches(round, last)) return 401
  if (end === 'refuses') return last === 'guard' ? 403 : 401
  return end === 'cannot tell' ? 503 : 500
}

/** Takes one of a list by chance. */
export type Pick = <T>(list: readonly T[]) => T

/** Makes a round by chance. @param name of the stack */
export function roundFrom(pick: Pick, name: string): Round {
  const mostly = ['allows', 'allows', 'allows', 'allows', 'allows', 'allows', ...ends] as const
  const token = pick(['valid', 'valid', 'valid', 'valid', 'expired', 'none'] as const)
  return {
    token,
    tokenFrom: pick(mostly),
    issuers: token === 'valid' ? pick(mostly) : 'allows',
    keys: 'allows',
    schema: pick(mostly),
    guard: pick(ends),
    disturbance: pick(disturbances),
    // Nobody catches what the handler of a plain stack throws.
    handler: /^(?:raw|engine)/.test(name) ? 'allows' : pick(['allows', 'allows', 'throws']),
    during: pick(stages),
    hazard: pick(hazards),
  }
}

/** Mulberry32: the same rounds for the same seed. */
export function pickerFrom(seed: number): Pick {
  let state = seed
  return (list) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return list[((mixed ^ (mixed >>> 14)) >>> 0) % list.length] as never
  }
}
