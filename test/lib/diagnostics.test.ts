import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { afterEach, describe, expect, it } from 'vitest'
import { type ChannelKey, channelNames, isObserved, report } from '../../src/lib/diagnostics.ts'

const seen: unknown[] = []
const listener = (message: unknown, name: string | symbol): void => void seen.push([name, message])

afterEach(() => {
  for (const name of Object.values(channelNames)) unsubscribe(name, listener)
  seen.length = 0
})

describe('the diagnostics channels', () => {
  it.each(Object.entries(channelNames) as [ChannelKey, string][])('%s is published as %s', (key, name) => {
    subscribe(name, listener)
    report(key, { a: 1 })
    expect(seen).toEqual([[name, { a: 1 }]])
  })

  it('tell apart who is observed', () => {
    expect(isObserved('staleServed')).toBe(false)
    subscribe(channelNames.staleServed, listener)
    expect(isObserved('staleServed')).toBe(true)
    expect(isObserved('keysChanged')).toBe(false)
  })

  it('cost nothing where nobody listens', () => {
    report('staleServed', { issuer: 'x' })
    expect(seen).toEqual([])
  })
})
