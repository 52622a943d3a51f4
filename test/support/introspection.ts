import { createResourceServer, isAuthError, type ResourceServer } from 'oauth-resource-server'
import { createTestClock, createTestIssuer, type TestClock } from 'oauth-resource-server/testing'

/** One question as the endpoint saw it. */
export interface Question {
  readonly url: string
  readonly method: string
  readonly headers: Headers
  readonly form: URLSearchParams
  readonly redirect: string | undefined
  readonly signal: AbortSignal
}

/** How the endpoint answers. */
export type EndpointAnswer = (question: Question) => Response | Promise<Response>

/** An issuer with an introspection endpoint, and what an API needs to ask it; all without a network. */
export interface Endpoint {
  readonly clock: TestClock
  readonly now: () => number
  readonly options: {
    readonly issuer: string
    readonly audience: string
    readonly jwks: typeof issuer.jwks
    readonly now: () => number
    readonly fetch: typeof globalThis.fetch
  }
  /** Questions so far; without those about metadata. */
  readonly questions: Question[]
  /** URLs of everything else that was asked for. */
  readonly others: string[]
  metadata: Record<string, unknown>
  answer: EndpointAnswer
  /** Members of an answer about an active token, but for what is changed. */
  readonly active: (changes?: Record<string, unknown>) => Record<string, unknown>
}

export const clientId = 'api-1'
export const clientSecret = 'secret of the API'
export const issuer = await createTestIssuer({
  issuer: 'https://issuer.test/',
  audience: 'https://api.test',
  clock: createTestClock(1_800_000_000_000),
})
export const endpointUrl = 'https://issuer.test/introspect'
export const metadataUrl = 'https://issuer.test/.well-known/oauth-authorization-server'

/** A JSON answer. */
export function json(body: unknown, headers: Record<string, string> = {}): Response {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return new Response(text, { headers: { 'content-type': 'application/json', ...headers } })
}

/** Makes an endpoint that calls every token active. */
export function endpoint(): Endpoint {
  const clock = createTestClock(1_800_000_000_000)
  const now = (): number => clock.now() / 1000
  const self: Endpoint = {
    clock,
    now,
    questions: [],
    others: [],
    metadata: { issuer: issuer.issuer, introspection_endpoint: endpointUrl },
    answer: () => json(self.active()),
    active: (changes = {}) => ({
      active: true,
      iss: issuer.issuer,
      aud: 'https://api.test',
      sub: 'user-1',
      client_id: 'client-1',
      scope: 'read write',
      token_type: 'Bearer',
      exp: now() + 300,
      iat: now(),
      ...changes,
    }),
    options: {
      issuer: issuer.issuer,
      audience: 'https://api.test',
      jwks: issuer.jwks,
      now: clock.now,
      fetch: async (input, init) => {
        const url = input as string
        if (init?.method !== 'POST') {
          self.others.push(url)
          return url.includes('.well-known') ? json(self.metadata) : new Response('', { status: 404 })
        }
        const question: Question = {
          url,
          method: init.method,
          headers: new Headers(init.headers),
          form: new URLSearchParams(init.body as string),
          redirect: init.redirect,
          signal: init.signal as AbortSignal,
        }
        self.questions.push(question)
        return self.answer(question)
      },
    },
  }
  return self
}

/** An API that asks the endpoint. */
export function apiOf(
  { options }: Endpoint,
  introspection: Record<string, unknown> = {},
  changes: Record<string, unknown> = {},
): ResourceServer {
  const settings = { clientId, clientSecret, ...introspection }
  return createResourceServer({ ...options, introspection: settings, ...changes })
}

/** `accepted`, or status and reason of the refusal. */
export async function outcome(api: ResourceServer, token = 'opaque-token'): Promise<string> {
  try {
    await api.verify(token)
    return 'accepted'
  } catch (error) {
    if (!isAuthError(error)) throw error
    return `${error.status} ${error.reason}`
  }
}

/** A signed answer (RFC 9701), with some members of its claims and header changed. */
export async function signedAnswer(
  from: Endpoint,
  changes: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
): Promise<Response> {
  const claims = {
    iss: issuer.issuer,
    aud: clientId,
    iat: from.now(),
    token_introspection: from.active(),
    exp: undefined,
    sub: undefined,
    client_id: undefined,
    jti: undefined,
    ...changes,
  }
  const token = await issuer.sign(claims, { typ: 'token-introspection+jwt', ...header })
  return new Response(token, { headers: { 'content-type': 'application/token-introspection+jwt' } })
}
