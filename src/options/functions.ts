import type { AuthError } from '../errors.ts'

/** What a user's `fetch` is called with. */
export interface FetchRequestInit {
  /** `POST` for introspection, `GET` for everything else. */
  readonly method: 'GET' | 'POST'
  /** A form, with `POST`. */
  readonly body?: string
  readonly headers: Readonly<Record<string, string>>
  readonly redirect: 'manual'
  readonly signal: AbortSignal
}

/** What the core reads of a response. */
export interface FetchedResponse {
  readonly status: number
  readonly headers: { get(name: string): string | null }
  /** A web stream or an async iterable of bytes. */
  readonly body: unknown
  readonly redirected?: boolean | undefined
}

/** Any `fetch`: the platform's, undici's with a dispatcher, node-fetch. */
export type FetchFunction = { fetch(url: string, init: FetchRequestInit): Promise<FetchedResponse> }['fetch']

/** Is told of every refusal; the request may be annotated with the framework's own type. */
export type RefusalListener<R> = { refused(error: AuthError, request: R | undefined): unknown }['refused']
