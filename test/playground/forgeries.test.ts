import { createServer } from 'node:http'
import { createResourceServer } from 'oauth-resource-server'
import { createTestIssuer, traceOf } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'
import { forge, forgeries, type ForgeryMaterial } from '../../examples/playground/forgeries.ts'

const issuer = await createTestIssuer({ algorithms: ['RS256', 'ES256'] })
const server = await issuer.listen()
const { url } = server
const api = createResourceServer(server.options)
const claims = { roles: ['reader'], scope: 'reports:read' }
const accessToken = await issuer.sign(claims)
const idToken = await issuer.sign({ aud: 'client-1', nonce: 'n', at_hash: 'h' }, { typ: undefined })
const material: ForgeryMaterial = {
  accessToken,
  idToken,
  jwks: issuer.jwks,
  issuer: url,
  audience: String(issuer.audience),
}
const sign = (payload: object, header: object): Promise<string> =>
  issuer.signRaw(JSON.stringify(header), JSON.stringify(payload), 'RS256')

describe('a forgery', () => {
  it('starts from a token that is accepted', async () => {
    expect(await api.verify(accessToken)).toMatchObject({ subject: 'user-1' })
    const parts = accessToken.split('.').map((part) => Buffer.from(part, 'base64url').toString())
    const twin = await sign(JSON.parse(String(parts[1])) as object, JSON.parse(String(parts[0])) as object)
    expect(await api.verify(twin)).toMatchObject({ subject: 'user-1' })
  })

  it.each(forgeries)('$name is refused: $reason', async ({ name, reason }) => {
    const forged = await forge(name, material)
    expect(forged).not.toBe(accessToken)
    const { steps, error } = await traceOf(api, forged)
    expect(error).toMatchObject({ reason, status: 401 })
    expect(steps.at(-1)?.ok).toBe(false)
  })

  it.each(forgeries)(
    '$name is refused for the same reason when the issuer signs',
    async ({ name, reason }) => {
      await expect(api.verify(await forge(name, { ...material, sign }))).rejects.toMatchObject({ reason })
    },
  )

  it.each(forgeries)('$name has one plain sentence', ({ what }) => {
    expect(what).toMatch(/^[A-Z][^.?!]*\.$/)
  })

  it('has a name that is known', async () => {
    await expect(forge('other', material)).rejects.toThrow('there is no forgery other')
    expect(new Set(forgeries.map(({ name }) => name)).size).toBe(forgeries.length)
    expect(forgeries.length).toBeGreaterThanOrEqual(16)
  })
})

describe('the forgeries, one by one', () => {
  it('with alg none, HMAC or another key would pass an API that believes the header', async () => {
    const forged = await forge('unknown key', material)
    const { forgerKey } = await import('../../examples/playground/forging/tools.ts')
    const careless = createResourceServer({
      ...server.options,
      jwks: { keys: [forgerKey().jwk] },
    })
    expect(await careless.verify(forged)).toMatchObject({ subject: 'user-1' })
    expect(await careless.verify(await forge('embedded jwk', material))).toMatchObject({ subject: 'user-1' })
  })

  it('with an address of keys cause no request to it', async () => {
    let requests = 0
    const forger = createServer((_request, response) => {
      requests += 1
      response.end('{"keys":[]}')
    })
    await new Promise<void>((resolve) => forger.listen(0, '127.0.0.1', resolve))
    const { port } = forger.address() as { port: number }
    const { forgerKey, opened, signedByForger } = await import('../../examples/playground/forging/tools.ts')
    const header = { jku: `http://127.0.0.1:${port}/`, kid: forgerKey().jwk.kid }
    await expect(api.verify(signedByForger(header, opened(accessToken).claims))).rejects.toMatchObject({
      reason: 'unknown_key',
    })
    expect(requests).toBe(0)
    forger.close()
  })
})
