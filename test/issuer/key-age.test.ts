import { createResourceServer } from 'oauth-resource-server'
import { createTestClock, createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it, vi } from 'vitest'

describe('keys that grow too old', () => {
  it('are not used by who waited for newer ones until then', async () => {
    const clock = createTestClock(1_800_000_000_000)
    const issuer = await createTestIssuer({ algorithms: ['EdDSA'], clock })
    let answer: () => Response | Promise<Response> = () => Response.json(issuer.jwks)
    const api = createResourceServer({
      issuer: issuer.issuer,
      audience: 'https://api.test',
      jwksUri: 'https://issuer.test/jwks',
      now: clock.now,
      fetch: () => Promise.resolve(answer()),
    })
    const token = await issuer.sign({ exp: clock.now() / 1000 + 100_000 })
    await api.verify(token)
    clock.advance(601)
    let fail = (_response: Response): void => undefined
    answer = () => new Promise((resolve) => (fail = resolve))
    const waiting = api.verify(token)
    await vi.waitFor(() => expect(api.health().issuers[issuer.issuer]?.counters.fetches).toBe(2))
    clock.advance(3600)
    fail(new Response('', { status: 503, headers: { 'retry-after': '7' } }))
    await expect(waiting).rejects.toMatchObject({ status: 503 })
  })
})
