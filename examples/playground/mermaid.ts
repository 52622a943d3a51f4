import type { Exchange } from './protocol.ts'

/**
 * Draws recorded exchanges as a sequence diagram of Mermaid, for documents. Values differ each time, so that of a
 * query only the names are shown, and `…` stands in place of what is random in a path.
 */
export function mermaidOf(exchanges: readonly Exchange[]): string {
  const parties = [...new Set(exchanges.flatMap(({ from, to }) => [from, to]))]
  const name = (party: string): string => party.replaceAll(' ', '')
  const events = exchanges.flatMap((exchange) => {
    const { from, to, method, target, status, at, took } = exchange
    const request = `  ${name(from)}->>${name(to)}: ${method} ${shown(target)}`
    const response = `  ${name(to)}-->>${name(from)}: ${status ?? 'no response'}`
    return [
      { at, order: 0, line: request },
      { at: at + took, order: 1, line: response },
    ]
  })
  const lines = events.sort((a, b) => a.at - b.at || a.order - b.order).map(({ line }) => line)
  const participants = parties.map((party) => `  participant ${name(party)} as ${party}`)
  return ['sequenceDiagram', ...participants, ...lines].join('\n')
}

function shown(target: string): string {
  const [path = '', query] = target.split('?')
  const names = [...new URLSearchParams(query).keys()]
  const short = path.replaceAll(/[\w-]{20,}|…/g, '…')
  return names.length === 0 ? short : `${short}?${names.join('&')}`
}
