import { createResourceServer, fromHeader } from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it, vi } from 'vitest'

vi.mock('#platform', () => import('../../src/platform/web.ts'))

const issuer = await createTestIssuer({ algorithms: ['ES256', 'EdDSA', 'RS256', 'PS256'] })

describe('a resource server on WebCrypto', () => {
  it('has its configured keys once they are imported', async () => {
    const api = createResourceServer(issuer.options)
    expect(api.health()).toMatchObject({ issuers: { [issuer.issuer]: { keyCount: 0, refusedKeys: [] } } })
    await api.ready()
    expect(api.health()).toMatchObject({ ready: true, issuers: { [issuer.issuer]: { keyCount: 4 } } })
  })

  it.each([{}, { tokenCache: false }] as const)(
    'lets the first token wait for them, with %j',
    async (options) => {
      const token = await issuer.sign()
      const api = createResourceServer({ ...issuer.options, ...options })
      expect((await api.verify(token)).subject).toBe('user-1')
    },
  )

  it.each(issuer.algorithms)(
    'accepts and remembers a token under %s, and refuses it changed',
    async (alg) => {
      const api = createResourceServer({ ...issuer.options, tokenFrom: fromHeader() })
      const token = await issuer.sign({}, { alg })
      for (let time = 0; time < 2; time++) {
        const { subject } = await api.authenticate({ headers: { authorization: `Bearer ${token}` } })
        expect(subject).toBe('user-1')
      }
      const at = token.lastIndexOf('.') + 2
      const changed = `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`
      await expect(api.verify(changed)).rejects.toMatchObject({ reason: 'signature' })
    },
  )

  it('leaves out a key that WebCrypto cannot import', async () => {
    const [ec, ...others] = issuer.jwks.keys
    const off = { ...ec, y: ec?.x }
    const api = createResourceServer({ ...issuer.options, jwks: { keys: [off, ...others] as never } })
    await api.ready()
    expect(api.health().issuers[issuer.issuer]).toMatchObject({
      keyCount: 3,
      refusedKeys: [{ index: 0, reason: 'not importable' }],
    })
  })

  it('checks HMAC under a secret', async () => {
    const { createHmac } = await import('node:crypto')
    const secret = 'a secret of at least thirty-two bytes'
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const claims = { iss: 'https://a.test', aud: 'api', exp: Math.floor(Date.now() / 1000) + 60 }
    const input = `${part({ alg: 'HS256' })}.${part(claims)}`
    const token = `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
    const api = createResourceServer({ issuer: 'https://a.test', audience: 'api', secret })
    expect((await api.verify(token)).issuer).toBe('https://a.test')
    await expect(api.verify(`${token.slice(0, -3)}AAA`)).rejects.toMatchObject({ status: 401 })
  })

  it('does not take an algorithm the platform cannot check', () => {
    const make = (): unknown => createResourceServer({ ...issuer.options, algorithms: ['Ed448'] })
    expect(make).toThrow(new TypeError('algorithms: this platform cannot check Ed448; drop it'))
  })

  it('starts without the keys of a snapshot, which it would have to wait for', async () => {
    const fetch = vi.fn<typeof globalThis.fetch>(() => Promise.resolve(Response.json(issuer.jwks)))
    const options = {
      issuer: issuer.issuer,
      audience: 'https://api.test',
      jwksUri: 'https://issuer.test/jwks',
      fetch,
    }
    const first = createResourceServer(options)
    await first.ready()
    const second = createResourceServer({ ...options, snapshot: first.snapshot() })
    expect((await second.verify(await issuer.sign())).subject).toBe('user-1')
    expect(fetch).toHaveBeenCalledTimes(2)
  })
})
