/* openid-client gets a token of oidc-provider over mutual TLS, and uses it at an API on every adapter with a TLS socket. */
import { createResourceServer } from 'oauth-resource-server'
import { afterAll, describe, expect, it } from 'vitest'
import { audience } from '../examples/sender-constrained/authorization-server.ts'
import { fetchAs, issuerOver, tokenFor } from '../examples/sender-constrained/mtls.ts'
import { type TestCertificate, testCertificate } from './support/certificates.ts'
import { overTls } from './support/hosts-over-tls.ts'
import { sharedHosts } from './support/shared-hosts.ts'

const [host, own, other] = (await Promise.all(['localhost', 'client', 'other'].map(testCertificate))) as [
  TestCertificate,
  TestCertificate,
  TestCertificate,
]
const issuer = await issuerOver(host, own)
afterAll(() => {
  issuer.server.close()
  issuer.server.closeAllConnections()
})
const token = await tokenFor(own, issuer.url, host)
const options = { issuer: issuer.url, audience, fetch: fetchAs(host) }
const api = createResourceServer({ ...options, mtls: { certificate: 'socket' } })

describe.each(overTls(api, host, sharedHosts()))(
  'a certificate-bound token of oidc-provider, %s',
  (_name, ask) => {
    it.each([
      ['its certificate', own, 200],
      ['another certificate', other, 401],
      ['no certificate', undefined, 401],
      ['its certificate once more', own, 200],
    ] as const)('with %s', async (_what, certificate, status) => {
      expect(await ask(`Bearer ${token}`, certificate)).toBe(status)
    })
  },
)

it('nobody gets a token with another certificate', async () => {
  await expect(tokenFor(other, issuer.url, host)).rejects.toMatchObject({ error: 'invalid_client' })
})

it('an API without the option refuses the token', async () => {
  await expect(createResourceServer(options).verify(token)).rejects.toMatchObject({
    status: 401,
    reason: 'binding',
  })
})
