/* openid-client gets a token of oidc-provider over mutual TLS, and uses it at an API on every adapter with a TLS socket. */
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { createResourceServer } from 'oauth-resource-server'
import { afterAll, describe, expect, it } from 'vitest'
import { audience, authorizationServer } from '../examples/sender-constrained/authorization-server.ts'
import { fetchAs, issuerOver, tokenFor } from '../examples/sender-constrained/mtls.ts'
import {
  signedCertificate,
  testAuthority,
  type TestCertificate,
  testCertificate,
} from './support/certificates.ts'
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

const asked = overTls(api, host, sharedHosts())

describe.each(asked)('a certificate-bound token of oidc-provider, %s', (_name, ask) => {
  it.each([
    ['its certificate', own, 200],
    ['another certificate', other, 401],
    ['no certificate', undefined, 401],
    ['its certificate once more', own, 200],
  ] as const)('with %s', async (_what, certificate, status) => {
    expect(await ask(`Bearer ${token}`, certificate)).toBe(status)
  })
})

it('nobody gets a token with another certificate', async () => {
  await expect(tokenFor(other, issuer.url, host)).rejects.toMatchObject({ error: 'invalid_client' })
})

it('an API without the option refuses the token', async () => {
  await expect(createResourceServer(options).verify(token)).rejects.toMatchObject({
    status: 401,
    reason: 'binding',
  })
})

describe('a client that is known by the name in its certificate (tls_client_auth)', async () => {
  const authority = await testAuthority('authority')
  const [first, renewed, stranger] = (await Promise.all(
    ['nightly-job', 'nightly-job', 'another-job'].map((name) => signedCertificate(name, authority)),
  )) as [TestCertificate, TestCertificate, TestCertificate]
  const forged = await testCertificate('nightly-job')
  const { key, cert } = host
  const server = createServer({
    key,
    cert,
    ca: authority.cert,
    requestCert: true,
    rejectUnauthorized: false,
  })
  await once(server.listen(0, 'localhost'), 'listening')
  const url = `https://localhost:${(server.address() as AddressInfo).port}`
  interface Context {
    readonly socket: TLSSocket
  }
  const provider = authorizationServer(url, {
    client: {
      client_id: 'nightly-job',
      token_endpoint_auth_method: 'tls_client_auth',
      tls_client_auth_subject_dn: 'CN=nightly-job',
      tls_client_certificate_bound_access_tokens: true,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    },
    features: {
      clientCredentials: { enabled: true },
      mTLS: {
        enabled: true,
        tlsClientAuth: true,
        certificateBoundAccessTokens: true,
        getCertificate: ({ socket }: Context) => socket.getPeerX509Certificate(),
        certificateAuthorized: ({ socket }: Context) => socket.authorized,
        certificateSubjectMatches: ({ socket }: Context, _property: string, expected: string) =>
          socket.getPeerX509Certificate()?.subject === expected,
      },
    },
    more: { clientAuthMethods: ['tls_client_auth'] },
  })
  server.on('request', provider.callback())
  afterAll(() => {
    server.close()
    server.closeAllConnections()
  })

  const strict = createResourceServer({
    issuer: url,
    audience,
    fetch: fetchAs(host),
    mtls: { certificate: 'socket' },
  })
  const [, ask] = overTls(strict, host, sharedHosts())[0] as (typeof asked)[number]

  it('gets a token that works with its certificate alone, and another one after a renewal', async () => {
    const [before, after] = await Promise.all([first, renewed].map((own) => tokenFor(own, url, host)))
    expect(await ask(`Bearer ${before}`, first)).toBe(200)
    expect(await ask(`Bearer ${after}`, renewed)).toBe(200)
    expect(await ask(`Bearer ${before}`, renewed)).toBe(401)
    expect(await ask(`Bearer ${after}`, first)).toBe(401)
  })

  it.each([
    ['another name', stranger],
    ['the same name, signed by nobody', forged],
  ])('gets none with %s', async (_what, certificate) => {
    await expect(tokenFor(certificate, url, host)).rejects.toMatchObject({ error: 'invalid_client' })
  })
})
