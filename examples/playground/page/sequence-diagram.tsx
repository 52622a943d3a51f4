import type { VNode } from 'preact'
import { useId } from 'preact/hooks'
import type { Exchange } from '../protocol.ts'
import { describe, sequenceOf } from './sequence.ts'

/** The recorded exchanges as a sequence diagram, and as a table. */
export function SequenceDiagram({ exchanges }: { readonly exchanges: readonly Exchange[] }): VNode {
  const id = useId()
  const { lanes, arrows, bars, width, height } = sequenceOf(exchanges)
  return (
    <>
      <div class="scroll drawing" tabIndex={0} role="region" aria-label="Sequence diagram">
        <svg
          class="sequence"
          role="img"
          aria-labelledby={`${id}-title ${id}-desc`}
          width={width}
          height={height}
          viewBox={`0 0 ${width} ${height}`}
        >
          <title id={`${id}-title`}>Sequence diagram of the recorded requests</title>
          <desc id={`${id}-desc`}>{describe(exchanges)}</desc>
          {lanes.map(({ party, x }) => (
            <g key={party} class="lane" data-party={party}>
              <line x1={x} x2={x} y1={44} y2={height - 8} />
              <rect x={x - 72} y={10} width={144} height={34} rx={7} />
              <text x={x} y={32} text-anchor="middle">
                {party}
              </text>
            </g>
          ))}
          {bars.map(({ exchange, x, top, bottom, open }) => (
            <rect
              key={exchange.number}
              class={open ? 'work open' : 'work'}
              x={x - 5}
              y={top}
              width={10}
              height={Math.max(6, bottom - top)}
              rx={2}
            />
          ))}
          {arrows.map(({ kind, exchange, from, to, y, text, textX }) => {
            const direction = to > from ? 1 : -1
            const tone = kind === 'request' ? '' : toneOf(exchange)
            const end = to - direction * (kind === 'request' ? 6 : 1)
            return (
              <g
                key={`${exchange.number}-${kind}`}
                class={`arrow ${kind} ${tone}`}
                data-number={exchange.number}
              >
                <line x1={from} x2={end} y1={y} y2={y} />
                {kind === 'response' && exchange.status === undefined ? (
                  <path d={`M${(from + end) / 2 - 5} ${y - 5}l10 10m0-10l-10 10`} class="cross" />
                ) : (
                  <path d={`M${end - direction * 8} ${y - 4}L${end} ${y}l${-direction * 8} 4`} class="head" />
                )}
                <text x={textX} y={y - 6}>
                  {text}
                </text>
              </g>
            )
          })}
        </svg>
      </div>
      <ExchangeTable exchanges={exchanges} />
    </>
  )
}

function toneOf({ status }: Exchange): string {
  if (status === undefined || status >= 500) return 'wait'
  return status < 400 ? 'good' : 'stop'
}

function ExchangeTable({ exchanges }: { readonly exchanges: readonly Exchange[] }): VNode {
  return (
    <section aria-labelledby="exchanges">
      <h3 id="exchanges">The same requests as a table</h3>
      <div class="scroll" tabIndex={0} role="region" aria-label="Recorded requests">
        <table class="exchanges">
          <thead>
            <tr>
              <th scope="col">No.</th>
              <th scope="col">From, to</th>
              <th scope="col">Request</th>
              <th scope="col">Response</th>
            </tr>
          </thead>
          <tbody>
            {exchanges.map((exchange) => (
              <tr key={exchange.number} data-number={exchange.number}>
                <th scope="row">{exchange.number}</th>
                <td>
                  {exchange.from} → {exchange.to}
                </td>
                <td>
                  <p>{exchange.note}</p>
                  <p>
                    <code>
                      {exchange.method} {exchange.target}
                    </code>
                  </p>
                  <Lines lines={exchange.request} />
                </td>
                <td>
                  <p>
                    {exchange.status ?? 'no response'}{' '}
                    <span class="quiet">after {Math.round(exchange.took)} ms</span>
                  </p>
                  <Lines lines={exchange.response} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

function Lines({ lines }: { readonly lines: readonly string[] }): VNode | null {
  if (lines.length === 0) return null
  return (
    <ul class="lines">
      {lines.map((line) => (
        <li key={line}>
          <code>{line}</code>
        </li>
      ))}
    </ul>
  )
}
