import type { Outcome, TokenParts } from '../protocol.ts'
import type { Visitor } from './visitor.ts'

/** One step of the tour: it is right when what was seen is what was expected, word for word. */
export interface Step {
  /** Heading of this step and those after it. */
  readonly topic?: string
  readonly title: string
  readonly expected: string
  readonly see: (visitors: Visitors) => Promise<string> | string
}

/** Who takes part. */
export interface Visitors {
  /** May everything. */
  readonly alice: Visitor
  /** May read. */
  readonly bob: Visitor
  /** Has never signed in. */
  readonly nobody: Visitor
}

/**
 * What the APIs decided, in a few words: `200 from Express, Fastify, Koa`, with the reasons of refusals. Says so when
 * the playground itself found something that is not as it should be.
 */
export function decided({ decisions, asItShouldBe, summary }: Outcome): string {
  const by = new Map<string, string[]>()
  for (const { api, status, reason } of decisions) {
    const what = reason === undefined ? String(status) : `${status} ${reason}`
    by.set(what, [...(by.get(what) ?? []), api])
  }
  const words = [...by].map(([what, apis]) => `${what} from ${apis.join(', ')}`).join('; ')
  return asItShouldBe ? words : `${words} (not as it should be: ${summary})`
}

/** Everyone decides alike. @param what status, and the reason of a refusal */
export function all(what: string): string {
  return `${what} from Express, Fastify, Koa`
}

/** The value of a header parameter or claim, as text. */
export function valueOf(part: TokenParts['header'] | undefined, name: string): string {
  const value = part?.members?.find((member) => member.name === name)?.value
  return value === undefined ? 'absent' : String(JSON.parse(value))
}
