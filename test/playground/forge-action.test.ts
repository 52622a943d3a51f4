import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { forgeries } from '../../examples/playground/forgeries.ts'
import { launch, type Launched } from '../../examples/playground/launch.ts'
import { type Browser, openBrowser } from './browser.ts'

let playground: Launched
let alice: Browser

beforeAll(async () => {
  playground = await launch({ port: 0 })
  alice = openBrowser(playground)
  await alice.signIn('alice', 'wonderland')
})
afterAll(() => playground.close())

describe('forging in the playground', () => {
  it.each(forgeries)('$name is refused by every API: $reason', async ({ name, reason }) => {
    const { asItShouldBe, decisions } = await alice.act('forge', { name })
    expect(decisions.map(({ reason: why, status }) => `${status} ${String(why)}`)).toEqual(
      Array(3).fill(`401 ${reason}`),
    )
    expect(asItShouldBe).toBe(true)
  })

  it('is listed with one sentence each', async () => {
    expect((await alice.state()).forgeries).toHaveLength(forgeries.length)
  })

  it('needs a sign-in, and a name that is known', async () => {
    await expect(alice.act('forge', { name: 'other' })).rejects.toThrow('409')
    const nobody = openBrowser(playground)
    await nobody.state()
    await expect(nobody.act('forge', { name: 'alg: none' })).rejects.toThrow('Sign in first')
  })

  it('compares RS256 and HS256', async () => {
    const { asItShouldBe, comparison } = await alice.act('algorithms', {})
    expect(asItShouldBe).toBe(true)
    expect(comparison).toHaveLength(2)
  })
})
