import { connect } from 'node:http2'
import { clientCertificate, createResourceServer, type ResourceServer } from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'
import { testCertificate, type TestCertificate, written } from '../support/certificates.ts'
import { type HostOptions, hosts, http2Hosts } from '../support/hosts.ts'
import { statusOverTls } from '../support/proxies.ts'
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
const tls: HostOptions = { tls: server }
const tls2: HostOptions = { tls: server, http2: true }
const started = sharedHosts()

type Headers = Readonly<Record<string, string>>
type Ask = (authorization: string, client?: TestCertificate, headers?: Headers) => Promise<number>

/** One GET over HTTP/2 with TLS. @returns the status */
async function statusOverHttp2(port: number, headers: Headers, client?: TestCertificate): Promise<number> {
  const { key, cert } = client ?? {}
  const session = connect(`https://127.0.0.1:${port}`, {
    rejectUnauthorized: false,
    ...(key === undefined || cert === undefined ? {} : { key, cert }),
  })
  try {
    return await new Promise((resolve, reject) => {
      session.on('error', reject)
      const stream = session.request({ ':path': '/', ...headers })
      stream.on('error', reject)
      stream.on('response', (answer) => resolve(answer[':status'] ?? 0))
      stream.resume().end()
    })
  } finally {
    session.destroy()
  }
}

const withSocket = (api: ResourceServer): readonly (readonly [string, Ask])[] => [
  ...Object.entries(hosts)
    .filter(([name]) => name !== 'fetch')
    .map(([name, start]): readonly [string, Ask] => [
      `${name}, HTTP/1.1`,
      async (authorization, client, headers = {}) =>
        statusOverTls((await started(start, api, tls)).port, { authorization, ...headers }, client),
    ]),
  ...Object.entries(http2Hosts)
    .filter(([name]) => name !== 'fetch')
    .map(([name, start]): readonly [string, Ask] => [
      `${name}, HTTP/2`,
      async (authorization, client, headers = {}) =>
        statusOverHttp2((await started(start, api, tls2)).port, { authorization, ...headers }, client),
    ]),
]

describe.each(withSocket(socket))('certificates of the TLS socket, %s', (_name, ask) => {
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
