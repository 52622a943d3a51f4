import { afterEach, expect, it, vi } from 'vitest'
import { makeTraces } from '../../examples/playground/traces.ts'

afterEach(() => {
  vi.useRealTimers()
})

it('keeps the latest traces, however many nobody has taken', async () => {
  const traces = makeTraces()
  for (let number = 0; number < 1000; number += 1) traces.put(String(number), { steps: [], status: number })
  expect(await traces.take('999')).toEqual({ steps: [], status: 999 })
  expect(await traces.take('900')).toEqual({ steps: [], status: 900 })
  vi.useFakeTimers()
  const oldest = traces.take('0')
  await vi.advanceTimersByTimeAsync(1000)
  expect(await oldest).toBeUndefined()
})

it('waits for a trace that is late', async () => {
  const traces = makeTraces()
  const taken = traces.take('one')
  traces.put('one', { steps: [], status: 200 })
  expect(await taken).toEqual({ steps: [], status: 200 })
})
