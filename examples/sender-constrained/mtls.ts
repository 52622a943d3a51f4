/* A client with a certificate (mutual TLS, RFC 8705): its token is useless to anybody else. */
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import express from 'express'
import * as openid from 'openid-client'
import { generate } from 'selfsigned'
import { Agent, fetch as fetchWith } from 'undici'
import { getAuth, requireScope, verifyJwt } from 'oauth-resource-server/express'
import { audience, authorizationServer } from './authorization-server.ts'

/** A certificate with its private key, both PEM. */
interface Certificate {
  readonly key: string
  readonly cert: string
}

/** A server on loopback. */
interface Listening {
  readonly server: Server
  readonly url: string
}

/** Makes a certificate for this run. In production, an authority makes it, or the client registers its own. */
async function certificateOf(commonName: string): Promise<Certificate> {
  const made = await generate([{ name: 'commonName', value: commonName }], {
    keyType: 'ec',
    algorithm: 'sha256',
  })
  return { key: made.private, cert: made.cert }
}

/** Listens with TLS. Clients may show a certificate, and the server of TLS checks that they have its private key. */
async function listen(own: Certificate): Promise<Listening> {
  // The certificate of the client is signed by itself: the token names the very certificate that is accepted.
  const server = createServer({ ...own, requestCert: true, rejectUnauthorized: false })
  await once(server.listen(0, 'localhost'), 'listening')
  return { server, url: `https://localhost:${(server.address() as AddressInfo).port}` }
}

type Fetch = (url: string | URL, init?: object) => Promise<Response>

/** `fetch` that trusts one server, and shows a certificate of its own where there is one. */
export function fetchAs(trusted: Certificate, own?: Certificate): Fetch {
  const dispatcher = new Agent({ connect: { ca: trusted.cert, ...own } })
  return (url, init) => fetchWith(url, { ...init, dispatcher }) as unknown as Promise<Response>
}

/** Starts the issuer. Its only client, `nightly-job`, logs in with its certificate, and its tokens are bound to it. */
export async function issuerOver(host: Certificate, client: Certificate): Promise<Listening> {
  const listening = await listen(host)
  const { publicKey, raw } = new X509Certificate(client.cert)
  const provider = authorizationServer(listening.url, {
    client: {
      client_id: 'nightly-job',
      // The certificate is the password, too.
      token_endpoint_auth_method: 'self_signed_tls_client_auth',
      jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), x5c: [raw.toString('base64')] }] },
      tls_client_certificate_bound_access_tokens: true,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    },
    features: {
      clientCredentials: { enabled: true },
      mTLS: {
        enabled: true,
        selfSignedTlsClientAuth: true,
        certificateBoundAccessTokens: true,
        getCertificate: ({ socket }: { socket: TLSSocket }) => socket.getPeerX509Certificate(),
      },
    },
    more: { clientAuthMethods: ['self_signed_tls_client_auth'] },
  })
  listening.server.on('request', provider.callback())
  return listening
}

/** Gets a token that is bound to the certificate of the client. */
export async function tokenFor(client: Certificate, issuer: string, host: Certificate): Promise<string> {
  const config = await openid.discovery(new URL(issuer), 'nightly-job', undefined, openid.TlsClientAuth(), {
    [openid.customFetch]: fetchAs(host, client),
  })
  const { access_token: token } = await openid.clientCredentialsGrant(config, { scope: 'reports:read' })
  return token
}

/** Gets a token that is bound to the client's certificate, calls the API, and tries what a thief would. */
export async function mtls(print: (line: string) => void): Promise<void> {
  const [host, own, thief] = await Promise.all([
    certificateOf('localhost'),
    certificateOf('nightly-job'),
    certificateOf('thief'),
  ])
  const issuer = await issuerOver(host, own)

  const api = await listen(host)
  const app = express()
  app.use(
    verifyJwt({
      issuer: issuer.url,
      audience,
      mtls: { certificate: 'socket' },
      // The issuer of this example has a certificate that Node does not know.
      fetch: fetchAs(host),
    }),
  )
  app.get('/reports', requireScope('reports:read'), (req, res) => {
    res.json({ reports: [], client: getAuth(req).clientId })
  })
  api.server.on('request', app)

  const token = await tokenFor(own, issuer.url, host)
  const call = async (fetch: Fetch): Promise<string> => {
    const response = await fetch(`${api.url}/reports`, { headers: { authorization: `Bearer ${token}` } })
    return `${response.status} ${await response.text()}`
  }
  print(`with the certificate: ${await call(fetchAs(host, own))}`)
  print(`the token alone: ${(await call(fetchAs(host))).slice(0, 3)}`)
  print(`another certificate: ${(await call(fetchAs(host, thief))).slice(0, 3)}`)

  for (const { server } of [api, issuer]) {
    server.close()
    server.closeAllConnections()
  }
}
