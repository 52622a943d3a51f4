import { createResourceServer } from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'

const issuer = await createTestIssuer({ algorithms: ['EdDSA'] })
const restricted = { ...issuer.options, clients: ['web'] }

class Options {
  issuer = issuer.options.issuer
  audience = issuer.options.audience
  jwks = issuer.options.jwks
  get clients(): readonly string[] {
    return ['web']
  }
}

describe('D1 D3 options that would be ignored without a word', () => {
  it.each<[string, unknown]>([
    ['a class with a getter', new Options()],
    ['inherited options', Object.assign(Object.create({ clients: ['web'] }) as object, issuer.options)],
    ['a promise of options', Promise.resolve(restricted)],
    ['a Map', new Map(Object.entries(restricted))],
    ['a list', [restricted]],
    ['an entry of issuers that inherits', { issuers: [Object.create({ clients: ['web'] })] }],
  ])('are a mistake: %s', (_what, options) => {
    expect(() => createResourceServer(options as never)).toThrow(/must be a plain object of options/)
  })

  it('are a mistake: one that is not enumerable', () => {
    const options = Object.defineProperty({ ...issuer.options }, 'clients', { value: ['web'] })
    expect(() => createResourceServer(options)).toThrow(/clients must be enumerable/)
  })

  it.each<[string, unknown]>([
    ['an object literal', restricted],
    ['an object without a prototype', Object.assign(Object.create(null) as object, restricted)],
    ['an object of another realm', Object.assign(runInNewContext('({})') as object, restricted)],
  ])('are taken from %s', async (_what, options) => {
    const api = createResourceServer(options as never)
    await expect(api.verify(await issuer.sign())).rejects.toMatchObject({ reason: 'claim' })
    await expect(api.verify(await issuer.sign({ client_id: 'web' }))).resolves.toBeDefined()
  })
})
