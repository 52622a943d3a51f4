import { createResourceServer } from 'oauth-resource-server'
import { describe, expect, it } from 'vitest'
import { withSignal } from '../../src/issuer/with-signal.ts'
import { asFetchError } from '../../src/issuer/key-fetch.ts'

describe('a fetch', () => {
  it('is over where its time was up before it began', async () => {
    const work = new Promise<never>(() => undefined)
    await expect(withSignal(work, AbortSignal.abort())).rejects.toThrow('no complete answer in time')
  })

  it('fails by a fixed sentence where nobody foresaw how', () => {
    const cause = new RangeError('what a library says')
    expect(asFetchError(cause)).toMatchObject({ message: 'the keys cannot be read', cause })
  })

  it('of an answer without a body is no set of keys', async () => {
    const api = createResourceServer({
      issuer: 'https://issuer.test/',
      audience: 'https://api.test',
      jwksUri: 'https://issuer.test/jwks',
      fetch: () => Promise.resolve(new Response(null)),
    })
    await expect(api.ready()).rejects.toMatchObject({ status: 503 })
    expect(Object.values(api.health().issuers)[0]?.lastError).toBe('the answer is not a JSON object')
  })
})
