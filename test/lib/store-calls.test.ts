import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { UpstreamError } from 'oauth-resource-server'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import { type StoreCalls, storeCalls } from '../../src/lib/store-calls.ts'
import { Deferred } from '../support/deferred.ts'

/** Calls with a clock in the test's hands. */
function world(maxInFlight = 1000) {
  let now = 0
  const timers = new Set<{ readonly at: number; readonly run: () => void }>()
  const clock = {
    schedule(ms: number, run: () => void) {
      const timer = { at: now + ms / 1000, run }
      timers.add(timer)
      return () => void timers.delete(timer)
    },
  }
  const calls: StoreCalls = storeCalls(clock, { name: 'store', timeoutMs: 250, maxInFlight }, () => now)
  const sent: Deferred<string>[] = []
  return {
    ...calls,
    sent,
    timers,
    /** What becomes of a call, as text. */
    outcome: async (): Promise<string> =>
      calls
        .ask(() => {
          const call = new Deferred<string>()
          sent.push(call)
          return call.promise
        })
        .catch((error: unknown) => String((error as UpstreamError).detail.hint)),
    advance: (seconds: number): void => {
      now += seconds
      for (const timer of timers) {
        if (timer.at > now + 1e-9) continue
        timers.delete(timer)
        timer.run()
      }
    },
  }
}

const answer = async (call: Deferred<string> | undefined): Promise<void> => {
  call?.settle(() => 'value')
  await new Promise(setImmediate)
}
const fail = async (call: Deferred<string> | undefined): Promise<void> => {
  call?.settle(() => {
    throw new Error('closed')
  })
  await new Promise(setImmediate)
}

describe('storeCalls', () => {
  it('passes an answer on, and leaves no timer behind', async () => {
    const { outcome, sent, timers, isAnswering } = world()
    expect(isAnswering()).toBe(false)
    const result = outcome()
    await answer(sent[0])
    expect(await result).toBe('value')
    expect(timers.size).toBe(0)
    expect(isAnswering()).toBe(true)
  })

  it('turns the error of the client into a 503 with that cause', async () => {
    const { ask, isAnswering } = world()
    const cause = new Error('closed')
    const error: unknown = await ask(() => Promise.reject(cause)).catch((it: unknown) => it)
    expect(error).toBeInstanceOf(UpstreamError)
    expect(error).toMatchObject({ status: 503, cause: { original: cause } })
    expect(isAnswering()).toBe(false)
  })

  it('passes on an error of ours, which tells more, and counts the call as failed', async () => {
    const { ask, isAnswering } = world()
    const own = new UpstreamError(1, { detail: { hint: 'the answer cannot be read' } })
    await expect(ask(() => Promise.reject(own))).rejects.toBe(own)
    expect(isAnswering()).toBe(false)
  })

  it.each<[string, () => PromiseLike<string>]>([
    [
      'throws at once',
      () => {
        throw new Error('not connected')
      },
    ],
    ['returns no promise', () => 'OK' as never],
  ])('is a 503 where the client %s', async (_what, call) => {
    const { ask, timers } = world()
    await expect(ask(call)).rejects.toMatchObject({ status: 503 })
    expect(timers.size).toBe(0)
  })

  it('gives a call up at the deadline, and refuses others at once while nothing is answered', async () => {
    const { outcome, advance, sent } = world()
    const first = outcome()
    advance(0.25)
    expect(await first).toBe('store: no answer within 250 ms')
    const probe = outcome()
    expect(await outcome()).toBe('store: the store does not respond')
    expect(sent).toHaveLength(2)
    advance(0.25)
    expect(await probe).toBe('store: no answer within 250 ms')
  })

  it('takes an answer that has arrived while the process was busy past the deadline', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
    const [[store]] = (await Promise.all([once(server, 'connection'), once(client, 'connect')])) as [
      [Socket],
      unknown,
    ]
    const calls = storeCalls(systemClock(), { name: 'store', timeoutMs: 10, maxInFlight: 1 })
    const result = calls.ask(async () => once(client, 'data'))
    // It arrives at once. This process does not look for it until its timers have run.
    store.write('an answer')
    for (const end = performance.now() + 50; performance.now() < end;) continue
    expect(String(await result)).toBe('an answer')
    client.destroy()
    server.close()
  })

  it('stays open when another call was answered meanwhile', async () => {
    const { outcome, advance, sent } = world()
    const [slow, quick] = [outcome(), outcome()]
    advance(0.1)
    await answer(sent[1])
    expect(await quick).toBe('value')
    advance(0.15)
    expect(await slow).toBe('store: no answer within 250 ms')
    void outcome()
    void outcome()
    expect(sent).toHaveLength(4)
  })

  it('probes less often the longer the store is silent, down to every 5 seconds', () => {
    const { outcome, advance, sent } = world()
    void outcome()
    advance(0.25)
    const sends = (seconds: number): boolean => {
      advance(seconds)
      const before = sent.length
      void outcome()
      return sent.length > before
    }
    expect(sends(40)).toBe(true)
    expect([sends(1.9), sends(0.2)]).toEqual([false, true])
    expect(sends(200)).toBe(true)
    expect([sends(4.9), sends(0.2)]).toEqual([false, true])
  })

  it('probes every 400 ms at first, however long it answered before', async () => {
    const { outcome, advance, sent } = world()
    advance(1000)
    void outcome()
    advance(0.25)
    void outcome()
    advance(0.39)
    expect(await outcome()).toBe('store: the store does not respond')
    advance(0.02)
    void outcome()
    expect(sent).toHaveLength(3)
  })

  it('says what a call failed with, by its code, and what the client did wrong', async () => {
    const { ask } = world()
    const hintOf = async (call: () => PromiseLike<unknown>): Promise<unknown> =>
      ask(call).catch((error: unknown) => (error as UpstreamError).detail.hint)
    const reset = Object.assign(new Error('secret'), { code: 'ECONNRESET' })
    expect(await hintOf(() => Promise.reject(reset))).toMatch(/^store: the call failed, Error ECONNRESET/)
    const error: unknown = await ask(() => 'OK' as never).catch((it: unknown) => it)
    expect(error).toHaveProperty('cause.original.message', 'the client returned no promise')
  })

  it('does not count as answering after a deadline, and counts a late answer once', async () => {
    const { outcome, advance, sent, isAnswering } = world(1)
    const first = outcome()
    await answer(sent[0])
    await first
    expect(isAnswering()).toBe(true)
    advance(1)
    const late = outcome()
    advance(0.25)
    await late
    expect(isAnswering()).toBe(false)
    await answer(sent[1])
    expect(isAnswering()).toBe(true)
    void outcome()
    expect(await outcome()).toBe('store: 1 calls are pending')
  })

  it('goes on when a probe is answered', async () => {
    const { outcome, advance, sent } = world()
    void outcome()
    advance(0.25)
    void outcome()
    await answer(sent[1])
    void outcome()
    void outcome()
    expect(sent).toHaveLength(4)
  })

  it('goes on when a late answer comes', async () => {
    const { outcome, advance, sent } = world()
    void outcome()
    advance(0.25)
    void outcome()
    await answer(sent[0])
    void outcome()
    expect(sent).toHaveLength(3)
  })

  describe('that is behind: it answers, and nothing in time', () => {
    /** Two calls were late though the first was answered at last, and a probe is on its way. */
    async function behind(): Promise<ReturnType<typeof world>> {
      const it = world()
      void it.outcome()
      it.advance(0.2)
      void it.outcome()
      it.advance(0.05)
      // Silent for a moment; this late answer ends that.
      await answer(it.sent[0])
      it.advance(0.2)
      expect(it.sent).toHaveLength(2)
      return it
    }

    it('gets one call at a time', async () => {
      const { outcome, sent, isAnswering } = await behind()
      expect(isAnswering()).toBe(false)
      void outcome()
      expect(await outcome()).toBe('store: the store does not respond')
      expect(sent).toHaveLength(3)
    })

    it('gets no more for a late answer to an earlier call', async () => {
      const { outcome, sent } = await behind()
      void outcome()
      await answer(sent[1])
      expect(await outcome()).toBe('store: the store does not respond')
    })

    it('gets all calls again once it answers in time', async () => {
      const { outcome, sent, isAnswering } = await behind()
      void outcome()
      await answer(sent[2])
      void outcome()
      void outcome()
      expect([sent.length, isAnswering()]).toEqual([5, true])
    })

    it('gets all calls again once it has answered the last one, late as that is', async () => {
      const { outcome, sent, advance } = await behind()
      void outcome()
      advance(0.3)
      await answer(sent[1])
      expect(await outcome()).toBe('store: the store does not respond')
      await answer(sent[2])
      void outcome()
      void outcome()
      expect(sent).toHaveLength(5)
    })

    it('gets through what waits for it, and is in time again, though the load stays what it was', async () => {
      const { outcome, advance, sent } = world()
      const outcomes = new Map<string, number>()
      let answered = 0
      const inTime: boolean[] = []
      for (let ms = 0; ms < 2500; ms += 1) {
        void outcome().then((result) => outcomes.set(result, (outcomes.get(result) ?? 0) + 1))
        advance(0.001)
        // It takes one millisecond for each, and stood still for half a second.
        if (ms >= 500 && answered < sent.length) await answer(sent[answered++])
        if (ms >= 2000) inTime.push(sent.length - answered < 250)
      }
      expect(new Set(inTime)).toEqual(new Set([true]))
      expect(outcomes.get('value')).toBeGreaterThan(1000)
    })
  })

  it('probes again 100 ms after the client failed a probe', async () => {
    const { outcome, advance, sent } = world()
    void outcome()
    advance(0.25)
    void outcome()
    await fail(sent[1])
    expect(await outcome()).toBe('store: the store does not respond')
    advance(0.1)
    void outcome()
    expect(sent).toHaveLength(3)
  })

  it('probes less often the longer nothing is answered, so that few calls pile up in the client', () => {
    const { outcome, advance, sent } = world()
    void outcome()
    advance(0.25)
    const within = (seconds: number): number => {
      const before = sent.length
      for (let step = 0; step < seconds * 10; step += 1) {
        void outcome()
        advance(0.1)
      }
      return sent.length - before
    }
    expect(within(8)).toBeLessThanOrEqual(20)
    within(100)
    expect(within(100)).toBeLessThanOrEqual(21)
  })

  it('limits the calls that wait, and makes room at the deadline', async () => {
    const { outcome, advance, sent } = world(2)
    const waiting = [outcome(), outcome()]
    expect(await outcome()).toBe('store: 2 calls are pending')
    advance(0.1)
    await answer(sent[0])
    void outcome()
    expect(sent).toHaveLength(3)
    advance(0.15)
    expect(await waiting[1]).toBe('store: no answer within 250 ms')
    void outcome()
    expect(sent).toHaveLength(4)
  })
})
