import { inspect } from 'node:util'
import { createResourceServer, isAuthError, type Reason } from 'oauth-resource-server'
import {
  createTestClock,
  createTestIssuer,
  type TestAlgorithm,
  type TestClock,
  type TestIssuer,
} from 'oauth-resource-server/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { kidOf } from './tokens.ts'

export { b64, jwkOf, kidOf, parts, signature, signed, without } from './tokens.ts'

/** Where the keys of the attacked API are; the only place it may ever call. */
export const jwksUri = 'https://issuer.test/keys'
export const audience = 'https://api.test'
export const issuerName = 'https://issuer.test/'

/** Options of the attacked API that one case changes. */
export type Options = Readonly<Record<string, unknown>>

/** What became of a token. */
export interface Verdict {
  readonly status: number
  readonly code: string | undefined
  readonly reason: Reason | 'accepted'
  /** Calls that went out because of it, the first fetch of the keys aside. */
  readonly calls: readonly string[]
}

/** An issuer, and an API that trusts it, for tokens to be tried on. */
export interface Range {
  readonly issuer: TestIssuer
  readonly clock: TestClock
  /** The set that is published; the issuer's own unless a case says otherwise. */
  readonly jwks: () => { readonly keys: readonly unknown[] }
  /** The seconds of the clock. */
  readonly now: () => number
  /** Claims of a token that holds, but for what is changed; `undefined` removes. */
  readonly claims: (change?: object) => Record<string, unknown>
  /** Header of a token that holds, likewise. */
  readonly header: (change?: object, alg?: TestAlgorithm) => Record<string, unknown>
  /** Judges a token twice with an API made anew; both verdicts must agree. */
  readonly judge: (token: unknown, options?: Options, keys?: readonly unknown[]) => Promise<Verdict>
}

/** Makes a range. */
export async function createRange(
  algorithms: readonly TestAlgorithm[] = ['ES256'],
  common: Options = {},
): Promise<Range> {
  const clock = createTestClock(1_800_000_000_000)
  const issuer = await createTestIssuer({ issuer: issuerName, audience, algorithms, clock })
  const now = (): number => clock.now() / 1000
  const range: Range = {
    issuer,
    clock,
    now,
    jwks: () => issuer.jwks,
    claims: (change = {}) => ({
      iss: issuerName,
      aud: audience,
      sub: 'user-1',
      client_id: 'client-1',
      iat: now(),
      exp: now() + 300,
      jti: 'token-1',
      ...change,
    }),
    header: (change = {}, alg = issuer.algorithms[0]) => ({
      alg,
      kid: kidOf(issuer, alg),
      typ: 'at+jwt',
      ...change,
    }),
    judge: async (token, options = {}, keys) => {
      const network = countingFetch({ [jwksUri]: () => ({ keys: keys ?? issuer.jwks.keys }) })
      const literal = ['jwks', 'secret', 'issuers', 'jwksUri'].some((name) => name in options)
      const named = 'issuers' in options ? {} : { issuer: issuerName, audience }
      const api = createResourceServer({
        ...named,
        ...(literal ? {} : { jwksUri }),
        fetch: network.fetch,
        now: clock.now,
        ...common,
        ...options,
      })
      await api.ready()
      const warm = network.calls.length
      const first = await outcomeOf(() => api.verify(token as string), token)
      const calls = network.calls.slice(warm)
      expect(await outcomeOf(() => api.verify(token as string), token)).toEqual(first)
      // Whatever a token says, only the configured place is ever called.
      expect(network.calls.every((url) => url === jwksUri)).toBe(true)
      return { ...first, calls }
    },
  }
  return range
}

/** A `fetch` that serves documents and writes down every call; any other URL fails as if there were no such host. */
export function countingFetch(documents: Readonly<Record<string, () => unknown>>): {
  readonly fetch: typeof globalThis.fetch
  readonly calls: string[]
} {
  const calls: string[] = []
  return {
    calls,
    fetch: (input) => {
      const url = input instanceof Request ? input.url : String(input)
      calls.push(url)
      const document = Object.hasOwn(documents, url) ? documents[url]?.() : undefined
      if (document instanceof Response) return Promise.resolve(document)
      if (document === undefined) return Promise.reject(new TypeError('fetch failed'))
      return Promise.resolve(Response.json(document))
    },
  }
}

/** Status, code and reason of one verification; a refusal must give nothing of the token away. */
export async function outcomeOf(
  verification: () => Promise<unknown>,
  token: unknown,
): Promise<Omit<Verdict, 'calls'>> {
  try {
    await verification()
    return { status: 200, code: undefined, reason: 'accepted' }
  } catch (error) {
    if (!isAuthError(error)) throw error
    if (typeof token === 'string') expectQuiet(error, token)
    return { status: error.status, code: error.code, reason: error.reason }
  }
}

/** No printed form of an error holds a recognisable piece of the token. */
function expectQuiet(error: Error, token: string): void {
  const printed = [
    error.message,
    error.stack ?? '',
    JSON.stringify(error),
    inspect(error, { depth: 9 }),
  ].join('\n')
  for (const part of token.split('.')) if (part.length > 12) expect(printed.includes(part)).toBe(false)
}

/** The outcome a table row stands for. */
export function expected(reason: Verdict['reason'], calls = 0): Verdict {
  const places = Array.from({ length: calls }, () => jwksUri)
  if (reason === 'accepted') return { status: 200, code: undefined, reason, calls: places }
  return { status: 401, code: 'invalid_token', reason, calls: places }
}

/** What one row may say beyond token and verdict. */
export interface CaseDetails {
  /** Calls that may go out. @default 0 */
  readonly calls?: number
  readonly options?: Options
  /** The published keys, in place of the issuer's. */
  readonly keys?: readonly unknown[]
}

/** One row: id and sentence, how the token is made, the verdict, and what else is special. */
export type TokenCase = readonly [
  title: string,
  token: (range: Range) => unknown,
  verdict: Verdict['reason'],
  details?: CaseDetails | ((range: Range) => CaseDetails),
]

/** Tries a table of tokens on the core. */
export function tryTokens(
  name: string,
  cases: readonly TokenCase[],
  algorithms?: readonly TestAlgorithm[],
  common?: Options,
): void {
  describe(name, () => {
    let range: Range

    beforeAll(async () => {
      range = await createRange(algorithms, common)
    })

    for (const [title, token, verdict, details = {}] of cases) {
      it(title, async () => {
        const { calls, options, keys } = typeof details === 'function' ? details(range) : details
        expect(await range.judge(await token(range), options, keys)).toEqual(expected(verdict, calls))
      })
    }
  })
}

/** A value as titles show it. */
export function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value)
}
