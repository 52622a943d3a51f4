import { createResourceServer, type ResourceServer } from 'oauth-resource-server'
import { replayStore, revocationList } from 'oauth-resource-server/redis'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { followScript } from '../../src/redis/scripts.ts'
import { heldBytes, offer } from '../soak/tools.ts'
import { boundToken, dpopClient, dpopHeaders, resource } from '../support/dpop.ts'
import { verdict } from '../support/tokens.ts'

// With a client that behaves as one does in front of such a Redis; test/redis has the same with real ones.

const issuer = await createTestIssuer({ algorithms: ['EdDSA'] })
const token = await issuer.sign({ jti: 'valid' })

/** What a client does with a command. */
type Behaviour = (script: string, keys: readonly string[]) => unknown

const responds: Behaviour = (script, keys) =>
  script === followScript
    ? ['list', '0', String(Math.floor(Date.now() / 1000)), 1, []]
    : ['list', '0', ...keys.slice(1).map(() => null)]
const never: Behaviour = () => new Promise(() => undefined)
const fails =
  (message: string): Behaviour =>
  () => {
    throw new Error(message)
  }

/** A client whose behaviour can be changed, and the commands it was given. */
function fakeClient(behaviour: Behaviour): {
  client: object
  calls: () => number
  be: (next: Behaviour) => void
} {
  let current = behaviour
  let count = 0
  const customCommand = async ([, script = '', keys, ...rest]: readonly string[]): Promise<unknown> => {
    count += 1
    return Promise.resolve(current(script, rest.slice(0, Number(keys))))
  }
  return { client: { customCommand }, calls: () => count, be: (next) => void (current = next) }
}

const apiOn = (client: object, options: object = {}): ResourceServer =>
  createResourceServer({ ...issuer.options, revocation: revocationList(client, options) })

describe('a store in trouble', () => {
  afterEach(() => vi.useRealTimers())

  it.each<[string, Behaviour]>([
    ['hung', never],
    ['killed', fails('Socket closed unexpectedly')],
    ['refusing', fails('connect ECONNREFUSED')],
    ['loading', fails('LOADING Redis is loading the dataset in memory')],
    ['of another kind', () => 'OK'],
    ['short of replies', () => ['list']],
  ])('STO-1 that is %s is 503 in time, and serves again without a restart', async (_what, behaviour) => {
    const { client, be } = fakeClient(behaviour)
    const api = apiOn(client, { timeoutMs: 20 })
    expect(await verdict(api.verify(token))).toBe('503 unavailable')
    const reserved = replayStore(client, { timeoutMs: 20 }).reserve('a', new Date(Date.now() + 60_000))
    await expect(reserved).rejects.toMatchObject({ status: 503 })
    const revoked = revocationList(client, { timeoutMs: 20 }).revoke({ jti: 'a' })
    await expect(revoked).rejects.toMatchObject({ status: 503 })
    be(responds)
    await vi.waitFor(async () => expect(await verdict(api.verify(token))).toBe('200'), { timeout: 2000 })
  })

  it.each<[string, Behaviour]>([
    ['hung', never],
    ['down', fails('connect ECONNREFUSED')],
    ['slow', () => new Promise((resolve) => setTimeout(resolve, 250, responds('', ['state'])))],
  ])(
    'CAC-17 CSR-6 that is %s is 503 within the deadline, and lets tokens through only where that is written',
    async (_what, behaviour) => {
      const timeoutMs = 100
      const { client } = fakeClient(behaviour)
      const begun = performance.now()
      expect(await verdict(apiOn(client, { timeoutMs }).verify(token))).toBe('503 unavailable')
      // A machine that is busy with other work is late by itself.
      expect(performance.now() - begun).toBeLessThan(timeoutMs + 50 + 500)
      const refusing = apiOn(client, { timeoutMs, onUnavailable: 'refuse' })
      expect(await verdict(refusing.verify(token))).toBe('503 unavailable')
      expect(await verdict(apiOn(client, { timeoutMs, onUnavailable: 'allow' }).verify(token))).toBe('200')
    },
  )

  it('CAC-17 that is hung is 503 for proofs, whatever the list allows', async () => {
    const { client } = fakeClient(never)
    const holder = dpopClient(Date.now)
    const api = createResourceServer({
      ...issuer.options,
      resource,
      revocation: revocationList(client, { timeoutMs: 20, onUnavailable: 'allow' }),
      dpop: { replay: replayStore(client, { timeoutMs: 20 }) },
    })
    const bound = await boundToken(issuer, holder)
    const headers = dpopHeaders(bound, holder.proof(bound))
    expect(await verdict(api.authenticate({ method: 'GET', url: '/', headers }))).toBe('503 unavailable')
  })

  it('STO-2 that is hung gets few commands of many requests, which leave nothing behind', async () => {
    const { client, calls, be } = fakeClient(responds)
    const api = apiOn(client)
    expect(await verdict(api.verify(token))).toBe('200')
    be(never)
    const before = { bytes: heldBytes(), calls: calls() }
    const outcomes = new Map<string, number>()
    const pending = new Set<Promise<unknown>>()
    const sent = await offer(1.5, 5000, () => {
      const request = verdict(api.verify(token)).then((outcome) => {
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
        pending.delete(request)
      })
      pending.add(request)
    })
    await Promise.all(pending)
    expect([...outcomes]).toEqual([['503 unavailable', sent]])
    // All that were sent until the first deadline, 1000 at most, and then one at a time.
    expect(calls() - before.calls).toBeLessThanOrEqual(1020)
    expect(heldBytes() - before.bytes).toBeLessThan(20e6)
  })

  it('FEE-1 whose feed falls silent is asked directly after the bound, and is 503 when it is hung', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] })
    const { client, calls, be } = fakeClient(responds)
    const api = apiOn(client, { follow: { within: 2 } })
    await api.ready()
    be((script, keys) => (script === followScript ? never(script, keys) : responds(script, keys)))
    const use = async (): Promise<string> => {
      const outcome = verdict(api.verify(token))
      await vi.advanceTimersByTimeAsync(300)
      return outcome
    }
    await vi.advanceTimersByTimeAsync(1500)
    expect(await use()).toBe('200')
    await vi.advanceTimersByTimeAsync(600)
    const before = calls()
    await use()
    expect(calls()).toBeGreaterThan(before)
    be(never)
    await vi.advanceTimersByTimeAsync(5000)
    expect(await use()).toBe('503 unavailable')
  })
})
