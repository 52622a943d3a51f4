import type { IncomingMessage } from 'node:http'

/** Says why a request that is not the page's own is refused; `undefined` when it is not. @param origin the client's own */
export function refusalOf(request: IncomingMessage, origin: string): string | undefined {
  const { headers, method = '', url = '' } = request
  const { 'sec-fetch-site': site, 'sec-fetch-dest': destination, origin: from } = headers
  const path = url.split('?')[0]
  const isOther =
    site === undefined ? from !== undefined && from !== origin : !/^(?:same-origin|none)$/.test(site)
  if (isOther) {
    // The browser comes back from the authorization server, which is another site; or somebody follows a link.
    const isArrival = method === 'GET' && (destination ?? 'document') === 'document'
    if (isArrival && (path === '/' || path === '/callback')) return undefined
    return site === undefined
      ? 'Its Origin is another one than the client’s.'
      : `The browser says that it comes from another site (sec-fetch-site: ${site}). No page can change that header.`
  }
  if (method === 'GET' || method === 'HEAD') return undefined
  return site === undefined && from === undefined
    ? 'It has neither Sec-Fetch-Site nor Origin, so nothing shows where it comes from.'
    : undefined
}
