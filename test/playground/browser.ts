import { Agent, fetch, type RequestInit, type Response } from 'undici'
import type { ActionName, Actions, Outcome, State } from '../../examples/playground/protocol.ts'
import type { Launched } from '../../examples/playground/launch.ts'
import { pageCalls } from '../../examples/playground/tour/visitor.ts'

/** A browser as far as the playground needs one: cookies by host, redirects, forms, and Fetch Metadata. */
export interface Browser {
  /** Signs in on the real pages. */
  signIn(user: string, password: string): Promise<State>
  /** Signs out on the real pages. @returns every address on the way */
  signOut(): Promise<string[]>
  state(): Promise<State>
  act<N extends ActionName>(name: N, details: Actions[N]): Promise<Outcome>
  /** One request, redirects not followed. @param site for `Sec-Fetch-Site`, which old browsers do not send */
  send(url: string, init?: RequestInit, site?: string): Promise<Response>
}

/**
 * Opens a browser that trusts the playground's certificate and knows no session yet.
 *
 * @param received gets everything that the page of the client receives, as text
 */
export function openBrowser(
  { urls, certificate }: Pick<Launched, 'urls' | 'certificate'>,
  received: string[] = [],
): Browser {
  const dispatcher = new Agent({ connect: { ca: certificate.cert } })
  const cookies = new Map<string, Map<string, string>>()

  async function send(url: string, init: RequestInit = {}, site?: string): Promise<Response> {
    const { hostname } = new URL(url)
    const jar = cookies.get(hostname) ?? new Map<string, string>()
    cookies.set(hostname, jar)
    const sent = [...jar].filter(([name]) => site !== 'cross-site' || name !== '__Host-session')
    const response = await fetch(url, {
      redirect: 'manual',
      dispatcher,
      ...init,
      headers: {
        cookie: sent.map(([name, value]) => `${name}=${value}`).join('; '),
        ...(site !== undefined && { 'sec-fetch-site': site }),
        ...(init.headers as Record<string, string> | undefined),
      },
    })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '') jar.delete(name)
      else jar.set(name, value)
    }
    return response
  }

  /** Follows redirects and fills in forms, as a user does. @returns the addresses on the way */
  async function visit(
    start: string,
    answers: Record<string, string>,
    first: RequestInit = {},
  ): Promise<string[]> {
    const visited: string[] = []
    let [target, init, site] = [start, first, 'same-origin']
    for (let step = 0; step < 20; step += 1) {
      visited.push(target)
      const response = await send(target, init, site)
      const location = response.headers.get('location')
      const page = await response.text()
      if (location === null && target.startsWith(`${urls.client}/`)) return visited
      const action = /<form[^>]* action="([^"]+)"/.exec(page)?.[1]
      if (location === null && (!response.ok || action === undefined)) {
        throw new Error(`${target}: ${response.status} ${page}`)
      }
      const hidden = [...page.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)]
      const form = new URLSearchParams([
        ...hidden.map(([, n = '', v = '']): [string, string] => [n, v]),
        ...Object.entries(answers),
      ])
      const next = new URL(location ?? action ?? '', target)
      site = next.hostname === new URL(target).hostname ? site : 'cross-site'
      if (location === null) site = 'same-origin'
      init =
        location === null
          ? {
              method: 'POST',
              body: form.toString(),
              headers: { 'content-type': 'application/x-www-form-urlencoded' },
            }
          : {}
      target = next.href
    }
    throw new Error(`never arrived: ${visited.join(' ')}`)
  }

  const page = pageCalls((path, init) => send(urls.client + path, init, 'same-origin'), received)

  return {
    ...page,
    send,
    async signIn(login, password) {
      await visit(`${urls.client}/login?user=${login}`, { login, password })
      return page.state()
    },
    signOut: () => visit(`${urls.client}/logout`, { logout: 'yes' }, { method: 'POST' }),
  }
}
