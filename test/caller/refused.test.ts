import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { rawOf, refusedBy } from '../../src/caller/refused.ts'
import { InvalidTokenError } from '../../src/errors.ts'
import { channelNames } from '../../src/lib/diagnostics.ts'
import { ofIssuer } from '../../src/token/of-issuer.ts'

// NODE_DEBUG is read when a process starts.
const debug = vi.hoisted(() => Object.assign(vi.fn<(line: string) => void>(), { enabled: false }))
vi.mock('../../src/lib/diagnostics.ts', async (original) => ({ ...(await original<object>()), debug }))

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
    const hook = vi.fn()
    const request = {}
    expect(refusedBy(hook)(error, { request })).toBe(error)
    expect(seen).toEqual([{ reason: 'claim', status: 401, issuer: undefined, detail: { claim: 'sub' } }])
    expect(hook).toHaveBeenCalledExactlyOnceWith(error, request)
  })

  it('names the trusted issuer where it is known', () => {
    const error = ofIssuer(new InvalidTokenError('claim'), 'https://id.test')
    refusedBy(undefined)(error)
    refusedBy(undefined)(new InvalidTokenError('claim'), { issuer: 'https://other.test' })
    expect(seen).toMatchObject([{ issuer: 'https://id.test' }, { issuer: 'https://other.test' }])
  })

  it('is reported each time, also where one error object is thrown again', () => {
    const error = new InvalidTokenError('claim')
    const hook = vi.fn()
    const refused = refusedBy(hook)
    refused(error)
    refused(error, { request: {} })
    expect(hook).toHaveBeenCalledTimes(2)
    expect(seen).toHaveLength(2)
  })

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('no log')
      },
    ],
    ['rejects', () => Promise.reject(new Error('no log'))],
    ['never ends', () => new Promise(() => undefined)],
    [
      'returns a thenable that rejects',
      () => ({ then: (_: unknown, reject: (it: Error) => void) => reject(new Error('x')) }),
    ],
  ])('stays the same where the hook %s', async (_title, hook) => {
    const error = new InvalidTokenError('claim')
    expect(refusedBy(hook)(error)).toBe(error)
    // An unhandled rejection would fail the test.
    await new Promise((resolve) => setImmediate(resolve))
  })

  it('is not reported when it is an error of the application', () => {
    const hook = vi.fn()
    const bug = new Error('bug')
    expect(refusedBy(hook)(bug)).toBe(bug)
    expect(seen).toEqual([])
    expect(hook).not.toHaveBeenCalled()
  })

  it('is an error also where something else was thrown', () => {
    expect(refusedBy(undefined)(undefined)).toBeInstanceOf(Error)
    expect(seen).toEqual([])
  })
})

describe('NODE_DEBUG', () => {
  const error = new InvalidTokenError('expired')
  const printed = async (hook?: () => unknown): Promise<unknown[]> => {
    debug.mockClear()
    refusedBy(hook)(error)
    await new Promise((resolve) => setImmediate(resolve))
    return debug.mock.calls.flat()
  }
  const fails = (): never => {
    throw new Error('canary')
  }
  beforeEach(() => void (debug.enabled = true))
  afterEach(() => void (debug.enabled = false))

  it('prints every refusal, and what a hook throws or rejects with', async () => {
    const refusal = 'refused 401 expired: refused as expired'
    const failure = 'onRefused failed: error: Error (not an error of this library: its message is not shown)'
    expect(await printed()).toEqual([refusal])
    expect(await printed(() => 'ignored')).toEqual([refusal])
    expect(await printed(fails)).toEqual([refusal, failure])
    expect(await printed(() => Promise.reject(new Error('canary')))).toEqual([refusal, failure])
  })

  it('prints nothing where it is off', async () => {
    debug.enabled = false
    expect(await printed(fails)).toEqual([])
  })
})

it('the request of a framework is its own object where there is one', () => {
  const [request, raw] = [{ headers: {} }, {}]
  expect(rawOf(request)).toBe(request)
  expect(rawOf({ ...request, raw })).toBe(raw)
})
