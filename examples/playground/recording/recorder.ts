import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { partyHeader } from '../parties.ts'
import type { Exchange, Party } from '../protocol.ts'
import { bodyOf, sentBody } from './bodies.ts'
import { formLines, requestLines, responseLines, shortTarget } from './lines.ts'
import { noteOf } from './notes.ts'

/** Notes what really went over the wire, at the server that received it. */
export interface Recorder {
  /** A listener that notes every request and what came of it. */
  around(to: Party, listener: RequestListener): RequestListener
  /** What was noted after the exchange of this number, in the order of the requests. */
  since(number: number): readonly Exchange[]
  /** Number of the latest exchange, 0 before the first. */
  last(): number
  /** Notes the response of a request before it is sent, so that it can tell of itself. */
  responding(response: ServerResponse, status: number): void
  /** Takes in what another process has noted. */
  add(exchange: Exchange): void
}

/** @see makeRecorder */
export interface RecorderOptions {
  /** Requests with this origin are of the attacking site. */
  readonly otherSite: string
  /** Is told of every exchange that is complete. */
  readonly noted?: (exchange: Exchange, request: IncomingMessage) => void
}

/** Exchanges that are remembered; older ones are forgotten. */
const most = 500

/** What the page fetches for itself tells nothing about OAuth. */
const ownFiles = /^\/(?:state|page\.js|page\.css|icon\.svg|favicon\.ico)(?:\?|$)/

/** Starts with nothing. */
export function makeRecorder({ otherSite, noted }: RecorderOptions): Recorder {
  const exchanges: Exchange[] = []
  const openOnes = new WeakMap<ServerResponse, (status?: number) => void>()
  let last = 0

  /** @returns replaces it by what is known later */
  function add(exchange: Omit<Exchange, 'number'>): (more: Partial<Exchange>) => Exchange {
    last += 1
    let current: Exchange = { ...exchange, number: last }
    exchanges.push(current)
    if (exchanges.length > most) exchanges.shift()
    return (more) => {
      const index = exchanges.indexOf(current)
      current = { ...current, ...more }
      if (index !== -1) exchanges[index] = current
      return current
    }
  }

  function note(to: Party, request: IncomingMessage, response: ServerResponse): void {
    const { method = '', url = '' } = request
    const from = senderOf(request, otherSite)
    if (from === 'Browser' && ownFiles.test(url)) return
    const begun = Date.now()
    const lines = requestLines(request)
    const replace = add({
      from,
      to,
      at: begun,
      took: 0,
      method,
      target: shortTarget(url),
      request: lines,
      response: [],
      note: noteOf({ from, to, method, url, form: new URLSearchParams() }),
    })
    const body = bodyOf(request)
    const sent = sentBody(response)
    let isDone = false
    const done = (status?: number): void => {
      if (isDone) return
      isDone = true
      const form = new URLSearchParams(body())
      const complete = replace({
        took: Date.now() - begun,
        request: [...lines, ...formLines(form)],
        response: status === undefined ? [] : responseLines(to, sent()),
        note: noteOf({ from, to, method, url, form }),
        ...(status !== undefined && { status }),
      })
      noted?.(complete, request)
    }
    openOnes.set(response, done)
    sent.ended(() => {
      done(response.statusCode)
    })
    response.once('close', () => {
      done()
    })
  }

  return {
    around: (to, listener) => (request, response) => {
      note(to, request, response)
      listener(request, response)
    },
    since(number) {
      const found = exchanges.filter((it) => it.number > number).sort((one, other) => one.at - other.at)
      const first = found[0]?.at ?? 0
      return found.map((it) => ({ ...it, at: it.at - first }))
    },
    last: () => last,
    responding: (response, status) => openOnes.get(response)?.(status),
    add: ({ number: _, ...exchange }) => void add(exchange),
  }
}

const parties: ReadonlySet<string> = new Set<Party>([
  'Client',
  'Authorization server',
  'Express',
  'Fastify',
  'Koa',
])

/** The playground's own servers say who they are; browsers say which site made them send a request. */
function senderOf({ headers }: IncomingMessage, otherSite: string): Party {
  const said = headers[partyHeader]
  if (typeof said === 'string' && parties.has(said)) return said as Party
  const isOther = headers.origin === otherSite || headers.referer?.startsWith(`${otherSite}/`) === true
  return isOther ? 'Other site' : 'Browser'
}
