/** Where everything of the sequence diagram stands. It is computed from the recording alone. */
import type { Exchange, Party } from '../protocol.ts'

/** From left to right. A party without an exchange has no lane. */
const order: readonly Party[] = [
  'Other site',
  'Browser',
  'Client',
  'Authorization server',
  'Express',
  'Fastify',
  'Koa',
]

/** A party and its line. */
export interface Lane {
  readonly party: Party
  readonly x: number
}

/** A request or a response. */
export interface Arrow {
  readonly kind: 'request' | 'response'
  readonly exchange: Exchange
  readonly from: number
  readonly to: number
  readonly y: number
  readonly text: string
  /** Where the text starts: the left end of the arrow. */
  readonly textX: number
}

/** The time in which a party works on a request. */
export interface Bar {
  readonly exchange: Exchange
  readonly x: number
  readonly top: number
  readonly bottom: number
  /** No response came. */
  readonly open: boolean
}

export interface Sequence {
  readonly lanes: readonly Lane[]
  readonly arrows: readonly Arrow[]
  readonly bars: readonly Bar[]
  readonly width: number
  readonly height: number
}

const laneWidth = 168
const margin = 78
const top = 62
const rowHeight = 34
const nested = 5

/**
 * Lays out a recording: requests and responses in the order in which they happened, each on a row of its own.
 *
 * @param exchanges in the order of the requests
 */
export function sequenceOf(exchanges: readonly Exchange[]): Sequence {
  const present = new Set(exchanges.flatMap(({ from, to }) => [from, to]))
  const lanes = order
    .filter((party) => present.has(party))
    .map((party, index) => ({ party, x: margin + index * laneWidth }))
  const xOf = (party: Party): number => lanes.find((lane) => lane.party === party)?.x ?? 0

  const arrows: Arrow[] = []
  const bars: Bar[] = []
  const starts = new Map<Exchange, number>()
  for (const { kind, exchange } of inTime(exchanges)) {
    const y = top + (arrows.length + 1) * rowHeight
    const [from, to] = [xOf(exchange.from), xOf(exchange.to)]
    if (kind === 'request') {
      starts.set(exchange, y)
      arrows.push({
        kind,
        exchange,
        from,
        to,
        y,
        text: shorten(`${exchange.number}. ${exchange.method} ${exchange.target}`, Math.abs(to - from)),
        textX: Math.min(from, to) + nested + 4,
      })
    } else {
      const open = exchange.status === undefined
      const text = open ? 'no response' : `${exchange.status ?? ''} · ${Math.round(exchange.took)} ms`
      bars.push({ exchange, x: to, top: starts.get(exchange) ?? y, bottom: y, open })
      arrows.push({ kind, exchange, from: to, to: from, y, text, textX: Math.min(from, to) + nested + 4 })
    }
  }
  return {
    lanes,
    arrows,
    bars,
    width: Math.max(1, lanes.length - 1) * laneWidth + 2 * margin,
    height: top + (arrows.length + 1) * rowHeight,
  }
}

interface Event {
  readonly kind: 'request' | 'response'
  readonly exchange: Exchange
  readonly at: number
}

/** Requests and responses by time. At the same time, the request comes first, and inner responses before outer ones. */
function inTime(exchanges: readonly Exchange[]): readonly Event[] {
  const events = exchanges.flatMap((exchange): Event[] => [
    { kind: 'request', exchange, at: exchange.at },
    { kind: 'response', exchange, at: exchange.at + exchange.took },
  ])
  return events.sort((a, b) => {
    if (a.at !== b.at) return a.at - b.at
    // An exchange without any duration still starts before it ends.
    if (a.exchange === b.exchange) return a.kind === 'request' ? -1 : 1
    if (a.kind !== b.kind) return a.kind === 'request' ? -1 : 1
    return a.kind === 'request'
      ? a.exchange.number - b.exchange.number
      : b.exchange.number - a.exchange.number
  })
}

/** About as much text as fits above an arrow. */
function shorten(text: string, width: number): string {
  const most = Math.max(18, Math.floor((width - 16) / 6.4))
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`
}

/** One sentence about the whole, for those who do not see it. */
export function describe(exchanges: readonly Exchange[]): string {
  const parties = [...new Set(exchanges.flatMap(({ from, to }) => [from, to]))]
  return `${exchanges.length} requests between ${parties.join(', ')}. The table below has each of them.`
}
