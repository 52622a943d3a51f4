import { browse, type Cookies } from '../../demo/browser.ts'
import { users } from '../facts.ts'
import type { ActionName, Actions, Outcome, State } from '../protocol.ts'

/** Somebody at a browser. Everything that the page of the client receives is in `received`. */
export interface Visitor {
  /** Origin of the client's server. */
  readonly client: string
  readonly received: readonly string[]
  /** Signs in on the real pages. */
  signIn(user: string): Promise<State>
  /** Signs out on the real pages. @returns every address on the way */
  signOut(): Promise<readonly string[]>
  state(): Promise<State>
  /** Does what a button of the page does. @throws {Error} with the server's own words when it makes no sense now */
  act<N extends ActionName>(name: N, details: Actions[N]): Promise<Outcome>
  /** A request with the visitor's cookies, as the page itself sends it, or as another site does. */
  send(path: string, init?: RequestInit, site?: 'same-origin' | 'cross-site'): Promise<Response>
}

/** Opens a browser in which nobody is signed in. Node has to trust the certificate. @param client origin of the client */
export function visitor(client: string): Visitor {
  const cookies: Cookies = new Map<string, string>()
  const received: string[] = []

  async function send(
    path: string,
    init: RequestInit = {},
    site: 'same-origin' | 'cross-site' = 'same-origin',
  ): Promise<Response> {
    // A browser keeps a cookie that is SameSite=Strict from requests of another site.
    const sent = [...cookies].filter(([name]) => site === 'same-origin' || name !== '__Host-session')
    const response = await fetch(client + path, {
      redirect: 'manual',
      ...init,
      headers: {
        cookie: sent.map(([name, value]) => `${name}=${value}`).join('; '),
        'sec-fetch-site': site,
        ...(init.headers as Record<string, string> | undefined),
      },
    })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '') cookies.delete(name)
      else cookies.set(name, value)
    }
    return response
  }

  const page = pageCalls(send, received)

  return {
    client,
    received,
    ...page,
    send,
    async signIn(login) {
      const answers = { login, password: users[login]?.password ?? '' }
      const back = await browse(
        new URL(`${client}/login?user=${login}`),
        answers,
        `${client}/callback`,
        cookies,
      )
      await send(back.pathname + back.search)
      return page.state()
    },
    async signOut() {
      const response = await send('/logout', { method: 'POST' })
      const start = response.headers.get('location') ?? ''
      const end = await browse(new URL(start), { logout: 'yes' }, `${client}/`, cookies)
      return [start, end.href]
    },
  }
}

/** A response, as far as it is read here. */
type Received = Pick<Response, 'ok' | 'status' | 'text'>

/**
 * What the script of the page requests from the client's server.
 *
 * @param send sends a request as the page does, with the cookies of its browser
 * @param received gets the text of every response
 */
export function pageCalls(
  send: (
    path: string,
    init: { method?: string; headers?: Record<string, string>; body?: string },
  ) => Promise<Received>,
  received: string[],
): Pick<Visitor, 'act' | 'state'> {
  async function json<T>(path: string, init = {}): Promise<T> {
    const response = await send(path, init)
    const body = await response.text()
    received.push(body)
    if (!response.ok) throw new Error(`${path}: ${response.status} ${body}`)
    return JSON.parse(body) as T
  }
  return {
    state: () => json('/state'),
    act: (name, details) =>
      json(`/do/${name}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(details),
      }),
  }
}
