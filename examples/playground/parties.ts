import type { Party } from './protocol.ts'

/** Names the party that sends a request, among the playground's own servers. Browsers do not send it. */
export const partyHeader = 'playground-from'

/** Names one call of an API, so that the API's trace of it can be found. */
export const callHeader = 'playground-call'

/** What every caller of {@link fetchAs} passes, whichever library it is. */
type Init = Omit<RequestInit, 'headers'> & { readonly headers?: unknown }

/** The global `fetch`, which says who is asking, so that the recording can. */
export function fetchAs(party: Party): (url: string, init?: Init) => Promise<Response> {
  return (url, init = {}) => {
    const headers = new Headers(init.headers as HeadersInit | undefined)
    headers.set(partyHeader, party)
    return fetch(url, { ...init, headers })
  }
}
