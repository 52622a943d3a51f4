import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FaultOptions } from './fault-names.ts'
import type { TestIssuer } from './types.ts'

/** What a server sends. */
export interface Reply {
  readonly status?: number
  readonly headers?: Record<string, string>
  readonly text: string
}

/** One request to a failing server, and what it takes to respond to it. */
export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly issuer: TestIssuer
  /** The body of the correct response. */
  readonly text: string
  /** Where the correct response is still served. */
  readonly elsewhere: string
  readonly options: FaultOptions
  /** Answers as a healthy server does, conditional requests included. */
  readonly send: (reply: Reply) => void
}
