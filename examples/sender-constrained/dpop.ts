/* A client with a key of its own (DPoP, RFC 9449): its token is useless to anybody else. */
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import express from 'express'
import * as openid from 'openid-client'
import { getAuth, requireScope, verifyJwt } from 'oauth-resource-server/express'
import { running, type Running } from '../demo/running.ts'
import { audience, authorizationServer } from './authorization-server.ts'

const client = { client_id: 'nightly-job', client_secret: 'for-loopback-only' }

/** Everything that a resource server needs for DPoP is in the options. */
async function startApi(issuer: string): Promise<Running> {
  const server = createServer()
  const api = await running('API', server.listen(0, '127.0.0.1'))
  const app = express()
  const nonce = { secret: randomBytes(32) }
  app.use(verifyJwt({ issuer, audience, resource: api.url, dpop: { required: true, nonce } }))
  app.get('/reports', requireScope('reports:read'), (req, res) => {
    res.json({ reports: [], scheme: getAuth(req).scheme })
  })
  server.on('request', app)
  return api
}

async function startIssuer(): Promise<Running> {
  const server = createServer()
  const issuer = await running('authorization server', server.listen(0, '127.0.0.1'))
  const provider = authorizationServer(issuer.url, {
    client: { ...client, grant_types: ['client_credentials'], redirect_uris: [], response_types: [] },
    features: { clientCredentials: { enabled: true }, dPoP: { enabled: true } },
  })
  server.on('request', provider.callback())
  return issuer
}

/** Gets a bound token, calls the API twice, and tries what a thief would. */
export async function dpop(print: (line: string) => void): Promise<void> {
  const issuer = await startIssuer()
  const api = await startApi(issuer.url)
  const url = new URL(`${api.url}/reports`)

  const config = await openid.discovery(
    new URL(issuer.url),
    client.client_id,
    undefined,
    openid.ClientSecretBasic(client.client_secret),
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- loopback has no TLS
    { execute: [openid.allowInsecureRequests] },
  )
  // The private key stays in this process: it cannot be exported.
  const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'))
  const granted = await openid.clientCredentialsGrant(config, { scope: 'reports:read' }, { DPoP })
  const token = granted.access_token

  for (const time of ['first', 'second']) {
    // It makes a proof for each request, and repeats a request that needs a nonce.
    const response = await openid.fetchProtectedResource(config, token, url, 'GET', null, undefined, { DPoP })
    print(`${time} call with a proof: ${response.status} ${await response.text()}`)
  }

  const stolen = { authorization: `Bearer ${token}` }
  print(`the token alone: ${await outcome(await fetch(url, { headers: stolen }))}`)
  const other = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'))
  const theft = openid.fetchProtectedResource(config, token, url, 'GET', null, undefined, { DPoP: other })
  print(`a proof of another key: ${await theft.then(outcome, refusal)}`)

  await Promise.all([api.close(), issuer.close()])
}

async function outcome(response: Response): Promise<string> {
  const { error } = (await response.json()) as { error?: string }
  return `${response.status} ${error ?? ''}`
}

function refusal(error: unknown): Promise<string> {
  if (error instanceof openid.WWWAuthenticateChallengeError) return outcome(error.response)
  throw error
}
