import type { RequestListener } from 'node:http'
import type { Exchange, Party } from './protocol.ts'

/** Notes what really went over the wire. */
export interface Recorder {
  /** A listener that notes every request and what came of it. */
  around(to: Party, listener: RequestListener): RequestListener
  /** What was noted after the exchange of this number, oldest first. */
  since(number: number): readonly Exchange[]
  /** Number of the latest exchange, 0 before the first. */
  last(): number
}

/** Placeholder until the recording is built. */
export function recorder(): Recorder {
  return { around: (_to, listener) => listener, since: () => [], last: () => 0 }
}
