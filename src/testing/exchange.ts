import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FaultOptions } from './fault-names.ts'
import type { TestIssuer } from './types.ts'

/** What a server sends. */
export interface Reply {
  readonly status?: number
  readonly headers?: Record<string, string>
  readonly text: string
}

/** One request to a failing server, and what it takes to answer it. */
export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly issuer: TestIssuer
  /** The body of the right answer. */
  readonly text: string
  /** Where the right answer can still be had. */
  readonly elsewhere: string
  readonly options: FaultOptions
  /** Answers as a healthy server does, conditional requests included. */
  readonly send: (reply: Reply) => void
}
