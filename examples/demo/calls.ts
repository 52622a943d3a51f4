import { expectations, routes, type TokenName } from './cases.ts'
import type { Running } from './running.ts'

/** One request to one API, and what came of it. */
export interface Call {
  readonly framework: string
  readonly route: string
  readonly token: TokenName
  readonly status: number
  /** `WWW-Authenticate`, empty without one. */
  readonly challenge: string
  readonly expected: string
  /** Whether the answer was the expected one. */
  readonly right: boolean
}

/** Calls every route of every API with every token. */
export function callEverything(
  apis: readonly Running[],
  tokens: Readonly<Record<TokenName, string | undefined>>,
): Promise<Call[]> {
  const names = Object.keys(expectations) as TokenName[]
  return Promise.all(
    routes.flatMap((_route, index) =>
      names.flatMap((name) => apis.map((api) => call(api, index, name, tokens[name]))),
    ),
  )
}

async function call(api: Running, index: number, token: TokenName, value: string | undefined): Promise<Call> {
  const route = routes[index] ?? ''
  const expected = expectations[token][index] ?? ''
  const [method = '', path = ''] = route.split(' ')
  const response = await fetch(api.url + path, {
    method,
    headers: value === undefined ? {} : { authorization: `Bearer ${value}` },
  })
  await response.arrayBuffer()
  const { status } = response
  const challenge = response.headers.get('www-authenticate') ?? ''
  const right = outcome(status, challenge) === expected
  return { framework: api.name, route, token, status, challenge, expected, right }
}

function outcome(status: number, challenge: string): string {
  const scheme = /^\w+/.exec(challenge)?.[0]
  const error = /\berror="([^"]*)"/.exec(challenge)?.[1]
  return [status, scheme, error].filter((part) => part !== undefined).join(' ')
}
