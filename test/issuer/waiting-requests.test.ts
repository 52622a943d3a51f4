import { describe, expect, it } from 'vitest'
import { hang, publishes, turns, verdict } from '../support/world.ts'
import { api, issuer, judged, net, setUp, sign, time } from './one-issuer.ts'

setUp()

describe('A7 requests that wait for keys', () => {
  /** Tokens that nobody signed, each with a key id of its own. */
  async function unsigned(count: number): Promise<string[]> {
    const [, payload, signature] = (await sign()).split('.')
    return Array.from({ length: count }, (_, index) => {
      const header = Buffer.from(JSON.stringify({ alg: 'ES256', typ: 'at+jwt', kid: `lost-${index}` }))
      return `${header.toString('base64url')}.${payload}.${signature}`
    })
  }

  it.each([
    ['there are no keys yet', () => Promise.resolve()],
    [
      'they are stale',
      async () => {
        await api.ready()
        await time.advance(700)
      },
    ],
  ])('are 5000 at most while %s; one more is 503 at once', async (_title, prepare) => {
    await prepare()
    net.answer = hang
    const ended = { at: 0, once: 0 }
    const outcomes = (await unsigned(8000)).map((token) =>
      verdict(api.verify(token)).then((outcome) => {
        if (outcome === '503 unavailable') ended.once += 1
      }),
    )
    await turns()
    expect(ended.once).toBe(3000)
    await time.until(Promise.all(outcomes))
  })

  it('are let in again when others are done', async () => {
    net.answer = hang
    const outcomes = (await unsigned(5000)).map((token) => verdict(api.verify(token)))
    await turns()
    expect(await judged(await sign())).toEqual(['503 unavailable', 0])
    await time.until(Promise.all(outcomes))
    net.answer = publishes(issuer)
    await time.advance(1.1)
    expect(await judged(await sign())).toEqual(['200', 0])
  })
})
