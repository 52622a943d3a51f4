import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createTestIssuer, type TestIssuer, type TestServer } from 'oauth-resource-server/testing'
import { signSelf } from '../attacks/certificate.ts'
import { closedPort } from '../support/closed-port.ts'

/** The servers that set-ups point at, rightly and wrongly. */
export interface World {
  readonly issuer: TestIssuer
  readonly server: TestServer
  /** A server with a page for people on every path. */
  readonly pageUrl: string
  /** A server whose certificate nobody signed but itself. */
  readonly selfSignedUrl: string
  /** Where nothing listens. */
  readonly closedUrl: string
  readonly close: () => Promise<void>
}

/** Starts all of them on loopback. */
export async function openWorld(): Promise<World> {
  const issuer = await createTestIssuer({ algorithms: ['EdDSA'], audience: 'https://api.example.com' })
  const server = await issuer.listen()
  const page = createServer((_request, response) => response.end('<html>sign in</html>'))
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const cert = new X509Certificate(signSelf(privateKey)).toString()
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' })
  const selfSigned = createTlsServer({ key, cert })
  return {
    issuer,
    server,
    pageUrl: `http://${await listening(page)}`,
    selfSignedUrl: `https://${await listening(selfSigned)}`,
    closedUrl: `http://127.0.0.1:${await closedPort()}`,
    async close() {
      page.close()
      selfSigned.close()
      await server.close()
    },
  }
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}
