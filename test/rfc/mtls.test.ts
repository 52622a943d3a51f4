import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { connect, type SecureVersion } from 'node:tls'
import { clientCertificate, createResourceServer } from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'
import { testCertificate, type TestCertificate, written } from '../support/certificates.ts'
import { hosts } from '../support/hosts.ts'
import { overTls } from '../support/hosts-over-tls.ts'
import { consul, envoy, istio } from '../support/recorded-certificates.ts'
import { sharedHosts } from '../support/shared-hosts.ts'

const issuer = await createTestIssuer()
const [server, own, renewed] = (await Promise.all(
  ['localhost', 'client', 'client'].map(testCertificate),
)) as [TestCertificate, TestCertificate, TestCertificate]
const bearer = async (cnf: object): Promise<string> => `Bearer ${await issuer.sign({ cnf: { ...cnf } })}`
const bound = await bearer({ 'x5t#S256': own.thumbprint })
const socket = createResourceServer({ ...issuer.options, mtls: { certificate: 'socket' } })
const header = createResourceServer({
  ...issuer.options,
  mtls: { certificate: clientCertificate('client-cert', { format: 'rfc9440' }) },
})
const started = sharedHosts()
const tls = { tls: server }

type Headers = Readonly<Record<string, string>>
describe.each(overTls(socket, server, started))('certificates of the TLS socket, %s', (_name, ask) => {
  it('RFC8705-3-1 the certificate comes from the TLS layer, and no header replaces it', async () => {
    expect(await ask(bound, own)).toBe(200)
    for (const name of ['client-cert', 'x-ssl-client-cert', 'x-forwarded-client-cert']) {
      expect(await ask(bound, renewed, { [name]: written.rfc9440(own) })).toBe(401)
      expect(await ask(bound, undefined, { [name]: written.rfc9440(own) })).toBe(401)
    }
  })

  it('RFC8705-3-2 it is the one that the token is bound to, for every request', async () => {
    for (let time = 0; time < 2; time += 1) {
      expect(await ask(bound, own)).toBe(200)
      expect(await ask(bound, renewed)).toBe(401)
      expect(await ask(bound)).toBe(401)
    }
  })

  it('RFC8705-6.2-1 a chain that nobody validated is no obstacle', async () => {
    expect(await ask(bound, own)).toBe(200)
    expect(await ask(await bearer({ 'x5t#S256': renewed.thumbprint }), renewed)).toBe(200)
  })

  it('RFC8705-6.3-1 a renewed certificate ends the tokens of the old one', async () => {
    expect(await ask(bound, renewed)).toBe(401)
  })
})

describe.each(['TLSv1.2', 'TLSv1.3'] as const)(
  'a session of %s that is resumed',
  (version: SecureVersion) => {
    interface Outcome {
      readonly status: string
      readonly resumed: boolean
      readonly session: Buffer | undefined
    }

    async function ask(authorization: string, client: object, session?: Buffer): Promise<Outcome> {
      const { port } = await started(hosts['express 5'] as (typeof hosts)[string], socket, tls)
      const versions = { minVersion: version, maxVersion: version }
      const target = { port, host: '127.0.0.1', rejectUnauthorized: false }
      const connection = connect({
        ...target,
        ...versions,
        ...client,
        ...(session === undefined ? {} : { session }),
      })
      let kept: Buffer | undefined
      connection.on('session', (given: Buffer) => (kept = given))
      await once(connection, 'secureConnect')
      connection.write(
        `GET / HTTP/1.1\r\nHost: api.test\r\nConnection: close\r\nAuthorization: ${authorization}\r\n\r\n`,
      )
      const [first] = (await once(connection, 'data')) as [Buffer]
      const resumed = connection.isSessionReused()
      connection.destroy()
      return { status: first.toString().slice(9, 12), resumed, session: kept }
    }

    it('has the certificate that it began with', async () => {
      const { key, cert } = own
      const { session, ...begun } = await ask(bound, { key, cert })
      expect(begun).toEqual({ status: '200', resumed: false })
      expect(await ask(bound, { key, cert }, session)).toMatchObject({ status: '200', resumed: true })
      const another = await bearer({ 'x5t#S256': renewed.thumbprint })
      expect(await ask(another, { key, cert }, session)).toMatchObject({ status: '401', resumed: true })
    })

    it('has none where it began with none', async () => {
      const { key, cert } = own
      const { session } = await ask(bound, {})
      expect(await ask(bound, { key, cert }, session)).toMatchObject({ status: '401', resumed: true })
    })
  },
)
describe.each(Object.entries(hosts))('certificates of a header, %s', (_name, start) => {
  async function send(authorization: string, headers: Headers): Promise<Response> {
    const { origin } = await started(start, header)
    return fetch(origin, { headers: { authorization, ...headers } })
  }

  it('RFC8705-3-3 another certificate is 401 invalid_token', async () => {
    expect((await send(bound, { 'client-cert': written.rfc9440(own) })).status).toBe(200)
    const refused = await send(bound, { 'client-cert': written.rfc9440(renewed) })
    expect(refused.status).toBe(401)
    expect(refused.headers.get('www-authenticate')).toContain('error="invalid_token"')
    expect(await refused.text()).not.toContain(renewed.thumbprint)
  })

  it('RFC8705-3.1-1 the binding is base64url of SHA-256, in one spelling', async () => {
    const certificate = { 'client-cert': written.rfc9440(own) }
    const base64 = Buffer.from(own.thumbprint, 'base64url').toString('base64')
    const hex = Buffer.from(own.thumbprint, 'base64url').toString('hex')
    for (const value of [base64, `${own.thumbprint}=`, ` ${own.thumbprint}`, `${own.thumbprint}\n`, hex]) {
      const { status } = await send(await bearer({ 'x5t#S256': value }), certificate)
      expect([value, status]).toEqual([value, 401])
    }
  })

  it('RFC8705-6.5-1 RFC9700-4.13-1 a header counts only where it is configured', async () => {
    const { origin } = await started(start, createResourceServer(issuer.options))
    const headers = { authorization: bound, 'client-cert': written.rfc9440(own) }
    expect((await fetch(origin, { headers })).status).toBe(401)
    expect((await send(bound, { 'x-client-cert': written.rfc9440(own) })).status).toBe(401)
  })

  it('RFC8705-7.2-1 SHA-256 alone: another member of cnf confirms nothing', async () => {
    const certificate = { 'client-cert': written.rfc9440(own) }
    for (const member of ['x5t', 'x5t#S384', 'x5t#s256', 'x5t#S512']) {
      const { status } = await send(await bearer({ [member]: own.thumbprint }), certificate)
      expect([member, status]).toEqual([member, 401])
    }
  })
})

it.each([
  ['ours', own.cert],
  ['recorded behind Envoy', decodeURIComponent(envoy.cert)],
  ['recorded behind Istio', decodeURIComponent(istio.cert)],
  ['recorded behind Consul', decodeURIComponent(consul.client.cert)],
])('RFC8705-7.5-1 the hash of a certificate is that of an established parser: %s', async (_what, pem) => {
  const { fingerprint256, raw } = new X509Certificate(pem)
  const thumbprint = Buffer.from(fingerprint256.replaceAll(':', ''), 'hex').toString('base64url')
  const authorization = await bearer({ 'x5t#S256': thumbprint })
  const send = (certificate: string): Promise<unknown> =>
    header.authenticate({ method: 'GET', url: '/', headers: { authorization, 'client-cert': certificate } })
  await expect(send(`:${raw.toString('base64')}:`)).resolves.toBeDefined()
  await expect(send(written.rfc9440(renewed))).rejects.toMatchObject({ reason: 'binding' })
})
