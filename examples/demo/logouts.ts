import type { Cookies } from './browser.ts'
import type { Group } from './processes.ts'
import { apiScope } from './registrations.ts'
import { paint, rowsOf } from './table.ts'
import { signIn, signOut } from './tokens.ts'

/** What became of a token when its user logged out. */
export interface LoggedOut {
  readonly group: string
  readonly framework: string
  readonly before: string
  readonly after: string
}

/** The message of a refusal tells a revoked token from any other one. */
const revoked = '401 The access token was revoked'

const isRight = ({ before, after }: LoggedOut): boolean => before === '200' && after === revoked

/** Signs a user in, calls the APIs, logs the user out at the authorization server, and calls them again. */
export async function logOut(issuer: string, client: string, groups: readonly Group[]): Promise<LoggedOut[]> {
  const cookies: Cookies = new Map()
  const { access_token } = await signIn(issuer, { user: 'carol', scope: apiScope, client, cookies })
  const before = await callAll(groups, access_token)
  await signOut(issuer, cookies)
  const after = await callAll(groups, access_token)
  return before.map((call, index) => ({
    group: call.group,
    framework: call.framework,
    before: call.outcome,
    after: after[index]?.outcome ?? '',
  }))
}

function callAll(
  groups: readonly Group[],
  token: string,
): Promise<{ group: string; framework: string; outcome: string }[]> {
  const calls = groups.flatMap(({ name, apis }) =>
    apis.map(async (api) => ({ group: name, framework: api.name, outcome: await call(api.url, token) })),
  )
  return Promise.all(calls)
}

async function call(url: string, token: string): Promise<string> {
  const response = await fetch(`${url}/me`, { headers: { authorization: `Bearer ${token}` } })
  await response.arrayBuffer()
  const challenge = response.headers.get('www-authenticate') ?? ''
  const reason = /error_description="([^"]*)"/.exec(challenge)?.[1]
  return [response.status, reason].filter((part) => part !== undefined).join(' ')
}

/** How many calls were answered as they should not be. */
export const wrongLogouts = (found: readonly LoggedOut[]): number => found.filter((it) => !isRight(it)).length

/** Lays the calls out: one line for each group, and one for each framework that differs from it. */
export function logoutTable(found: readonly LoggedOut[], colours: boolean): string {
  const rows = new Map<string, LoggedOut & { frameworks: string }>()
  for (const it of found) {
    const key = JSON.stringify([it.group, it.before, it.after])
    const known = rows.get(key)
    const frameworks = known === undefined ? it.framework : `${known.frameworks} ${it.framework}`
    rows.set(key, { ...it, frameworks })
  }
  const [head = '', ...lines] = rowsOf([
    ['list of revoked tokens', 'framework', 'before', 'after logout'],
    ...[...rows.values()].map(({ group, frameworks, before, after }) => [group, frameworks, before, after]),
  ])
  return [
    paint(`   ${head}`, 'bold', colours),
    ...[...rows.values()].map((it, index) =>
      isRight(it)
        ? `${paint('✓', 'green', colours)}  ${lines[index] ?? ''}`
        : paint(`✗  ${lines[index] ?? ''}  expected 200, then ${revoked}`, 'red', colours),
    ),
  ].join('\n')
}
