import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sequenceOf } from '../../examples/playground/page/sequence.ts'
import type { Exchange, Party } from '../../examples/playground/protocol.ts'

const parties: readonly Party[] = ['Browser', 'Client', 'Authorization server', 'Koa', 'Other site']

function exchange(number: number, more: Partial<Exchange> = {}): Exchange {
  return {
    number,
    from: 'Browser',
    to: 'Client',
    at: 0,
    took: 1,
    method: 'GET',
    target: '/',
    request: [],
    status: 200,
    response: [],
    note: '',
    ...more,
  }
}

describe('the sequence diagram', () => {
  it('nests what happened meanwhile', () => {
    const outer = exchange(1, { at: 0, took: 10 })
    const inner = exchange(2, { from: 'Client', to: 'Koa', at: 2, took: 3 })
    const { arrows, bars } = sequenceOf([outer, inner])
    expect(arrows.map(({ exchange: { number }, kind }) => `${kind} ${number}`)).toEqual([
      'request 1',
      'request 2',
      'response 2',
      'response 1',
    ])
    const [first, second] = bars
    expect(first?.exchange).toBe(inner)
    expect(second?.top).toBeLessThan(first?.top ?? 0)
    expect(second?.bottom).toBeGreaterThan(first?.bottom ?? Infinity)
  })

  it('says when no response came', () => {
    const { status: _, ...without } = exchange(1)
    const { arrows, bars } = sequenceOf([without])
    expect(arrows[1]?.text).toBe('no response')
    expect(bars[0]?.open).toBe(true)
  })

  it('has one request and one response for each exchange, and lanes for their parties alone', () => {
    const recording = fc
      .array(
        fc.record({
          from: fc.constantFrom(...parties),
          to: fc.constantFrom(...parties),
          at: fc.nat(50),
          took: fc.nat(20),
        }),
        { maxLength: 20 },
      )
      .map((all) => all.map((each, index) => exchange(index + 1, each)))
    fc.assert(
      fc.property(recording, (exchanges) => {
        const { arrows, lanes } = sequenceOf(exchanges)
        const of = (wanted: string): number[] =>
          arrows.filter(({ kind }) => kind === wanted).map(({ exchange: { number } }) => number)
        const numbers = exchanges.map(({ number }) => number)
        expect(of('request').sort((a, b) => a - b)).toEqual(numbers)
        expect(of('response').sort((a, b) => a - b)).toEqual(numbers)
        expect(new Set(lanes.map(({ party }) => party))).toEqual(
          new Set(exchanges.flatMap(({ from, to }) => [from, to])),
        )
        for (const { number } of exchanges) {
          const [request, response] = arrows.filter((arrow) => arrow.exchange.number === number)
          expect([request?.kind, response?.kind]).toEqual(['request', 'response'])
        }
        expect(new Set(arrows.map(({ y }) => y)).size).toBe(arrows.length)
      }),
    )
  })
})
