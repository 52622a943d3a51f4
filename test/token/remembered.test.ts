import diagnostics from 'node:diagnostics_channel'
import {
  channelNames,
  createResourceServer,
  type ResourceServerOptions,
  type TokenCacheOptions,
} from 'oauth-resource-server'
import { createTestClock, createTestIssuer } from 'oauth-resource-server/testing'
import { afterEach, describe, expect, it } from 'vitest'

const heard: boolean[] = []
const listen = (message: unknown): void => void heard.push((message as { remembered: boolean }).remembered)

afterEach(() => {
  diagnostics.unsubscribe(channelNames.verified, listen)
  heard.length = 0
})

async function makeIssuer() {
  diagnostics.subscribe(channelNames.verified, listen)
  const clock = createTestClock(1_800_000_000_000)
  return { clock, issuer: await createTestIssuer({ algorithms: ['EdDSA'], clock }) }
}

/** An API, its issuer and clock, and whether each verification so far came from memory. */
async function observed(tokenCache?: TokenCacheOptions | false, maxTokenLength = 8192) {
  const { clock, issuer } = await makeIssuer()
  const more = tokenCache === undefined ? {} : { tokenCache }
  const api = createResourceServer({ ...issuer.options, ...more, maxTokenLength })
  const sign = async (claims = {}): Promise<string> =>
    issuer.sign({ exp: clock.now() / 1000 + 50_000, ...claims })
  return { api, clock, sign }
}

describe('the memory of verified tokens', () => {
  it('spares the second check of a signature', async () => {
    const { api, sign } = await observed()
    const token = await sign()
    const first = await api.verify(token)
    const second = await api.verify(token)
    expect(heard).toEqual([false, true])
    expect(second.claims).toBe(first.claims)
    expect(second).not.toBe(first)
  })

  it('forgets a token after `maxAge`, to the second', async () => {
    const { api, clock, sign } = await observed({ maxAge: 60 })
    const token = await sign()
    await api.verify(token)
    clock.advance(59)
    await api.verify(token)
    clock.advance(1)
    await api.verify(token)
    await api.verify(token)
    expect(heard).toEqual([false, true, false, true])
  })

  it('forgets a token after an hour where nothing is said', async () => {
    const { api, clock, sign } = await observed()
    const token = await sign()
    await api.verify(token)
    clock.advance(3599)
    await api.verify(token)
    clock.advance(1)
    await api.verify(token)
    expect(heard).toEqual([false, true, false])
  })

  it('holds `max` tokens, and lets go of the one that was not used for longest', async () => {
    const { api, sign } = await observed({ max: 2 })
    const [a, b, c] = [await sign(), await sign(), await sign()]
    for (const token of [a, b, a, c, a, b]) await api.verify(token)
    expect(heard).toEqual([false, false, true, false, true, false])
  })

  it('holds 16 million characters, however many tokens that is', async () => {
    const { api, sign } = await observed({}, 65_536)
    const long = async (): Promise<string> => sign({ x: 'y'.repeat(45_000) })
    const first = await long()
    await api.verify(first)
    for (let length = 0; length < 16_000_000;) {
      const token = await long()
      length += token.length
      await api.verify(token)
    }
    heard.length = 0
    await api.verify(first)
    expect(heard).toEqual([false])
  })

  it('remembers nothing when it is switched off', async () => {
    const { api, sign } = await observed(false)
    const token = await sign()
    await api.verify(token)
    await api.verify(token)
    expect(heard).toEqual([false, false])
  })

  it('remembers no token that did not hold', async () => {
    const { api, sign } = await observed()
    const token = await sign({ cnf: {} })
    await expect(api.verify(token)).rejects.toMatchObject({ reason: 'binding' })
    await expect(api.verify(token)).rejects.toMatchObject({ reason: 'binding' })
    expect(heard).toEqual([])
  })

  it('checks the time of a remembered token anew', async () => {
    const { api, clock, sign } = await observed()
    const token = await sign({ exp: clock.now() / 1000 + 10 })
    await api.verify(token)
    clock.advance(40)
    await expect(api.verify(token)).rejects.toMatchObject({ reason: 'expired' })
    expect(heard).toEqual([false])
  })

  describe('where keys come from the network', () => {
    async function networked() {
      const { clock, issuer } = await makeIssuer()
      let keys: readonly object[] = issuer.jwks.keys
      const api = createResourceServer({
        issuer: issuer.issuer,
        audience: 'https://api.test',
        jwksUri: 'https://issuer.test/jwks',
        now: clock.now,
        fetch: () => Promise.resolve(Response.json({ keys })),
      })
      const token = await issuer.sign({ exp: clock.now() / 1000 + 50_000 })
      await api.verify(token)
      await api.verify(token)
      const publish = (next: readonly object[]): void => {
        keys = next
        clock.advance(601)
      }
      return { api, issuer, token, publish }
    }

    it('refuses a remembered token once another key has the id of its own', async () => {
      const { api, issuer, token, publish } = await networked()
      const kid = issuer.jwks.keys[0]?.kid
      await issuer.rotate({ keepOld: false })
      publish(issuer.jwks.keys.map((key) => ({ ...key, kid })))
      await expect(api.verify(token)).rejects.toMatchObject({ reason: 'signature' })
      expect(heard).toEqual([false, true])
    })

    it('refuses a remembered token once its key is withdrawn', async () => {
      const { api, issuer, token, publish } = await networked()
      await issuer.rotate({ keepOld: false })
      publish(issuer.jwks.keys)
      await expect(api.verify(token)).rejects.toMatchObject({ reason: 'unknown_key' })
    })

    it('goes on remembering while its key is published again, whatever else is', async () => {
      const { api, issuer, token, publish } = await networked()
      await issuer.rotate()
      publish(issuer.jwks.keys)
      await api.verify(token)
      expect(heard).toEqual([false, true, true])
    })
  })

  it('checks a remembered token anew once the rules of its issuer changed', async () => {
    const { clock, issuer } = await makeIssuer()
    const { issuer: name, audience, jwks } = issuer.options
    let profile: 'compatible' | 'rfc9068' = 'compatible'
    const issuers = (): object => ({ issuer: name, audience, jwks, profile })
    const api = createResourceServer({ issuers, now: clock.now } as ResourceServerOptions)
    const token = await issuer.sign({ exp: clock.now() / 1000 + 50_000, jti: undefined })
    await api.verify(token)
    await api.verify(token)
    profile = 'rfc9068'
    clock.advance(601)
    await expect(api.verify(token)).rejects.toMatchObject({ reason: 'claim' })
    expect(heard).toEqual([false, true])
  })
})
