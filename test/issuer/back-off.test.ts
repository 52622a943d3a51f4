import { describe, expect, it } from 'vitest'
import { backOff } from '../../src/issuer/back-off.ts'
import { FetchError } from '../../src/issuer/fetch-error.ts'
import { publishes, status } from '../support/world.ts'
import { api, issuer, judged, net, setUp, sign, state, time } from './one-issuer.ts'

setUp()

describe('after a failed fetch', () => {
  it.each([
    ['doubles the pause up to a minute', 0.999999, [1, 2, 4, 8, 16, 32, 60, 60]],
    ['draws it anew each time', 0.5, [1, 1, 2, 4, 8, 16, 30, 30]],
    ['never asks twice in a second', 0, [1, 1, 1, 1]],
  ])('%s', async (_title, chance, pauses) => {
    time.chance = chance
    net.answer = status(404)
    const token = await sign()
    await judged(token)
    for (const pause of pauses) {
      const before = net.calls.length
      await time.advance(pause - 0.01)
      expect(await judged(token)).toEqual(['503 unavailable', 0])
      expect(net.calls).toHaveLength(before)
      await time.advance(0.02)
      await judged(token)
      expect(net.calls).toHaveLength(before + 1)
    }
  })

  it('starts again at a second once a fetch succeeded', async () => {
    time.chance = 0.999999
    net.answer = status(404)
    const token = await sign()
    for (const pause of [1.1, 2.1, 4.1]) {
      await judged(token)
      await time.advance(pause)
    }
    net.answer = publishes(issuer)
    expect((await judged(token))[0]).toBe('200')
    await time.advance(430)
    net.answer = status(404)
    await judged(token)
    expect(api.health().issuers[issuer.issuer]?.lastError).toContain('the server answered with status 404')
    await time.advance(1.1)
    net.answer = publishes(issuer)
    await judged(token)
    expect(state()).toBe('fresh')
    expect(api.health().issuers[issuer.issuer]?.lastError).toBeUndefined()
  })

  it.each([
    ['as asked', '120', 120],
    ['for five minutes at most', '86400', 300],
    ['for a second at least', '0', 1],
    ['up to a date, by the clock of the server', 'Wed, 02 Jan 2030 00:01:30 GMT', 90],
  ])('leaves the issuer alone %s by Retry-After', async (_title, retryAfter, seconds) => {
    net.answer = status(503, { 'retry-after': retryAfter, date: 'Wed, 02 Jan 2030 00:00:00 GMT' })
    const token = await sign()
    const refusal = api.verify(token).catch((error: unknown) => api.refuse(error))
    await time.until(refusal)
    expect(await refusal).toMatchObject({ status: 503, headers: { 'Retry-After': String(seconds) } })
    const before = net.calls.length
    await time.advance(seconds - 0.01)
    await judged(token)
    expect(net.calls).toHaveLength(before)
    await time.advance(0.02)
    await judged(token)
    expect(net.calls).toHaveLength(before + 1)
  })

  it('says no WWW-Authenticate: the caller did nothing wrong', async () => {
    net.answer = status(404)
    const refused = await api.verify(await sign()).catch((error: unknown) => error)
    expect(api.refuse(refused).headers).not.toHaveProperty('WWW-Authenticate')
  })
})

describe('the pause', () => {
  it('is over to the second, and the failure before it is recent for a minute more', () => {
    let now = 1000
    const pause = backOff(
      () => now,
      () => 0,
    )
    const read = (): unknown[] => [pause.isOn(), pause.left(), pause.failedLately()]
    expect(read()).toEqual([false, -Infinity, false])
    pause.failed(new FetchError('down', { retryAfter: 10 }))
    expect(read()).toEqual([true, 10, true])
    now = 1009.5
    expect(read()).toEqual([true, 0.5, true])
    now = 1010
    expect(read()).toEqual([false, 0, true])
    now = 1069.5
    expect(read()).toEqual([false, -59.5, true])
    now = 1070
    expect(read()).toEqual([false, -60, false])
  })

  it('and the error end with a success', () => {
    const pause = backOff(
      () => 1000,
      () => 0,
    )
    const error = new FetchError('down')
    expect([pause.failed(error), pause.failed(error)]).toEqual([1, 2])
    expect(pause.lastError()).toBe(error)
    pause.succeeded()
    expect([pause.isOn(), pause.failedLately(), pause.lastError()]).toEqual([false, false, undefined])
    expect(pause.failed(error)).toBe(1)
  })
})
