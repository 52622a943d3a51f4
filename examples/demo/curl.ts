import { expectations, routes, type TokenName } from './cases.ts'
import type { Running } from './running.ts'

/**
 * Shell lines for trying the APIs by hand, each complete in itself: a good token at every API, and every other
 * token at the first one, on a route that tells it from a good one.
 */
export function curlLines(
  apis: readonly Running[],
  tokens: Readonly<Record<TokenName, string | undefined>>,
): string {
  const [good, ...others] = Object.keys(expectations) as [TokenName, ...TokenName[]]
  const visits = [
    ...apis.map((api) => ({ api, name: good })),
    ...others.flatMap((name) => apis.slice(0, 1).map((api) => ({ api, name }))),
  ]
  return visits
    .map(({ api, name }) => {
      const index = Math.max(telling(name), routes.indexOf('GET /reports'))
      const [method = '', path = ''] = routes[index]?.split(' ') ?? []
      const token = tokens[name]
      const header = token === undefined ? '' : ` -H 'Authorization: Bearer ${token}'`
      return [
        `# ${api.name}, token: ${name}, expect ${expectations[name][index] ?? ''}`,
        `curl -i -X ${method} ${api.url}${path}${header}`,
      ].join('\n')
    })
    .join('\n\n')
}

function telling(name: TokenName): number {
  return expectations[name].findIndex((outcome) => !outcome.startsWith('2'))
}
