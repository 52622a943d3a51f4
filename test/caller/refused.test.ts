import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { channelNames, InvalidTokenError } from 'oauth-resource-server'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { refused } from '../../src/caller/refused.ts'

const seen: unknown[] = []
const listener = (message: unknown): void => void seen.push(message)
beforeEach(() => {
  seen.length = 0
  subscribe(channelNames.refused, listener)
})
afterEach(() => void unsubscribe(channelNames.refused, listener))

describe('a refusal', () => {
  it('is reported with its facts, and stays the same error', () => {
    const error = new InvalidTokenError('claim', { detail: { claim: 'sub' } })
    expect(refused(error)).toBe(error)
    expect(seen).toEqual([{ reason: 'claim', status: 401, detail: { claim: 'sub' } }])
  })

  it('is not reported when it is an error of the application', () => {
    const bug = new Error('bug')
    expect(refused(bug)).toBe(bug)
    expect(seen).toEqual([])
  })

  it('is an error also where something else was thrown', () => {
    expect(refused(undefined)).toBeInstanceOf(Error)
    expect(seen).toEqual([])
  })
})
