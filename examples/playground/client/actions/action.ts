import type { AlgorithmFacts, TokenParts } from '../../protocol.ts'
import type { Judged } from '../calls.ts'
import type { Session } from '../sessions.ts'
import type { World } from '../world.ts'

/** What an action hands back; the server adds the recording and the state. */
export interface Done {
  readonly summary: string
  /** Whether a sound system does this. It is `false` all the same when a trace and a response differ. */
  readonly asItShouldBe: boolean
  readonly calls?: readonly Judged[]
  readonly parts?: TokenParts
  readonly comparison?: readonly AlgorithmFacts[]
}

/** One action of the page. @throws {Problem} when it makes no sense now */
export type Action<D> = (world: World, session: Session, details: D) => Done | Promise<Done>

/** Is told to the user; nothing is broken. */
export class Problem extends Error {
  override readonly name = 'Problem'
}
