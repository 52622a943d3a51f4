import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { flaws, flood, moods } from './flood.ts'
import { type RemoteIssuer, remoteIssuer } from './remote-issuer.ts'
import { rotationUnderLoad } from './rotation.ts'
import { soak } from './soak.ts'

// Short forms of what `npm run soak`, `npm run flood` and `npm run reliability` do for longer. Rates are what a
// busy machine gives, and nothing here depends on them.

let issuer: RemoteIssuer
beforeAll(async () => {
  issuer = await remoteIssuer()
}, 30_000)
afterAll(() => issuer.close())

describe('under load', { timeout: 60_000 }, () => {
  it('a rotation refuses no good token and costs one fetch', async () => {
    const result = await rotationUnderLoad(issuer, 2)
    expect(result).toMatchObject({ goodRefused: 0, fetches: 1, withdrawnRefused: true })
  })

  it.each(moods)('forged key ids cost an issuer that is %s no more than the budget', async (mood) => {
    expect(flaws(await flood(issuer, mood, 2))).toEqual([])
  })

  it('mixed traffic gets the right answer to every request', async () => {
    await issuer.heal()
    const seed = Date.now() % 1e6
    const result = await soak(issuer, 0.15, 1000, seed)
    expect({ seed, wrong: result.wrong, unhandled: result.unhandledRejections }).toEqual({
      seed,
      wrong: [],
      unhandled: 0,
    })
  })
})
