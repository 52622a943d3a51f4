import { createResourceServer } from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'

describe('a set with keys for encryption too', () => {
  it.each([
    ['without use and key_ops', { use: undefined }, false],
    ['with use', {}, true],
    ['with key_ops', { use: undefined, key_ops: ['verify'] }, true],
  ])('uses a key %s: %j: %s (RFC 8414 §2)', async (_what, change, used) => {
    const issuer = await createTestIssuer({ algorithms: ['EdDSA', 'ES256'] })
    const [first, second] = issuer.jwks.keys
    const keys = [{ ...first, ...change }, second, { ...second, kid: 'e', use: 'enc', alg: 'ECDH-ES' }]
    const api = createResourceServer({ ...issuer.options, jwks: { keys: keys as never } })
    const verdict = api.verify(await issuer.sign()).then(
      () => true,
      () => false,
    )
    expect(await verdict).toBe(used)
  })
})
