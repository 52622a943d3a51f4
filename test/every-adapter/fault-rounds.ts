/** What an awaited function of the user comes to. */
const ends = ['allows', 'refuses', 'throws', 'cannot tell'] as const
export type End = (typeof ends)[number]

/** What somebody else does with the response. */
const disturbances = ['nothing', 'answers', 'begins', 'destroys', 'client leaves'] as const
export type Disturbance = (typeof disturbances)[number]

/** What is odd about the framework's objects. */
const hazards = ['nothing', 'getter', 'read-only', 'throwing setter', 'frozen notes', 'foreign auth'] as const

/** One round: what happens, and when. */
export interface Round {
  readonly token: 'valid' | 'expired' | 'none'
  readonly schema: End
  readonly guard: End
  readonly disturbance: Disturbance
  /** Whether it happens while the schema or while the guard is waited for. */
  readonly during: 'schema' | 'guard'
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
  const mayRun = expected === 200 || (name === 'fetch' && disturbed)
  const ran = handled === 0 ? expected !== 200 : mayRun && handled === 1
  // Errors of middleware are a bad request to socket.io.
  const same = status === expected || (name.startsWith('engine') && expected === 500 && status === 400)
  if (same && complete && ran && writes.length === 0) return undefined
  return `expected ${expected}: ${JSON.stringify({ round, answer, handled, writes })}`
}

function disturbedAnswer({ disturbance }: Round): 504 | 'closed' {
  return disturbance === 'answers' || disturbance === 'begins' ? 504 : 'closed'
}

function statusOf({ token, schema, guard }: Round): number {
  if (token !== 'valid') return 401
  const statuses = { allows: 200, throws: 500, 'cannot tell': 503 }
  if (schema !== 'allows') return schema === 'refuses' ? 401 : statuses[schema]
  return guard === 'refuses' ? 403 : statuses[guard]
}

/** Takes one of a list by chance. */
export type Pick = <T>(list: readonly T[]) => T

/** Makes a round by chance. */
export function roundFrom(pick: Pick): Round {
  return {
    token: pick(['valid', 'valid', 'valid', 'valid', 'expired', 'none']),
    schema: pick(['allows', 'allows', ...ends]),
    guard: pick(ends),
    disturbance: pick(disturbances),
    during: pick(['schema', 'guard']),
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
