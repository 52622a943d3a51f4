import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CertificateFormat, clientCertificate, createResourceServer } from 'oauth-resource-server'
import { verifyJwt } from 'oauth-resource-server/express'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testCertificate, written } from './support/certificates.ts'
import { missingProxy, type Proxy, startHaproxy, startNginx, statusOverTls } from './support/proxies.ts'

const issuer = await createTestIssuer()
const [server, own, thief] = await Promise.all(['localhost', 'client', 'thief'].map(testCertificate))
const authorization = `Bearer ${await issuer.sign({ cnf: { 'x5t#S256': own?.thumbprint } })}`
if (server === undefined || own === undefined || thief === undefined) throw new Error('no certificates')

const proxies = {
  nginx: {
    header: 'X-SSL-Client-Cert',
    format: 'pem-urlencoded',
    write: written.nginx,
    start: (api: number) =>
      startNginx(server, 'proxy_set_header X-SSL-Client-Cert $ssl_client_escaped_cert;', api),
  },
  haproxy: {
    header: 'X-SSL-Client-DER',
    format: 'der-base64',
    write: written.haproxy,
    start: (api: number) =>
      startHaproxy(server, 'http-request set-header X-SSL-Client-DER %[ssl_c_der,base64]', api),
  },
} as const satisfies Record<string, { format: CertificateFormat; [other: string]: unknown }>

describe.each(['nginx', 'haproxy'] as const)('a real %s', (name) => {
  const missing = missingProxy(name)
  const { header, format, write, start } = proxies[name]
  const title = missing === undefined ? 'set as the guide says' : `set as the guide says (${missing})`

  describe.skipIf(missing !== undefined)(title, () => {
    let proxy: Proxy
    let direct: number
    const certificate = clientCertificate(header, { format })
    const verify = verifyJwt(createResourceServer({ ...issuer.options, mtls: { certificate } }))
    const api = createServer((req, res) => verify(req, res, () => res.end('ok')))

    beforeAll(async () => {
      await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve))
      direct = (api.address() as AddressInfo).port
      proxy = await start(direct)
    })
    afterAll(async () => {
      await proxy.close()
      api.closeAllConnections()
      api.close()
    })

    it('passes the certificate that the token is bound to', async () => {
      expect(await statusOverTls(proxy.port, { authorization }, own)).toBe(200)
    })

    it('passes another one, which is refused, and none', async () => {
      expect(await statusOverTls(proxy.port, { authorization }, thief)).toBe(401)
      expect(await statusOverTls(proxy.port, { authorization })).toBe(401)
    })

    it.each([
      ['its own header, without a certificate', undefined, { [header]: write(own) }],
      ['its own header, with another certificate', thief, { [header]: write(own) }],
      ['its own header twice', undefined, { [header]: [write(own), write(own)] }],
      ['its own header in other case', thief, { [header.toUpperCase()]: write(own) }],
      ['its own header with underscores', thief, { [header.replaceAll('-', '_')]: write(own) }],
      ['the header of nginx', thief, { 'x-ssl-client-cert': written.nginx(own) }],
      ['the header of HAProxy', thief, { 'x-ssl-client-der': written.haproxy(own) }],
      ['the header of Envoy', thief, { 'x-forwarded-client-cert': written.envoy(own) }],
      ['the header of AWS', thief, { 'x-amzn-mtls-clientcert-leaf': written.alb(own) }],
      ['the header of RFC 9440', thief, { 'client-cert': written.rfc9440(own) }],
      ['an empty header', undefined, { [header]: '' }],
      ['the names that Connection removes', thief, { connection: header, [header]: write(own) }],
    ])('MTL-1 a client that sends %s is 401', async (_title, client, headers) => {
      expect(await statusOverTls(proxy.port, { authorization, ...headers }, client)).toBe(401)
    })

    it('is what makes the header true: whoever reaches the API directly can write it', async () => {
      const ask = async (headers: Record<string, string>): Promise<number> =>
        (await fetch(`http://127.0.0.1:${direct}`, { headers: { authorization, ...headers } })).status
      expect(await ask({ [header]: write(own) })).toBe(200)
      expect(await ask({ [header]: write(thief) })).toBe(401)
    })
  })
})
