/* eslint-disable @typescript-eslint/no-deprecated -- the servers of tests have no TLS */
/* Clients that were not written here get bound tokens of oidc-provider and call an API with them. */
import { randomBytes, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import express from 'express'
import { exportJWK, generateKeyPair } from 'jose'
import * as oauth from 'oauth4webapi'
import { type Configuration, Provider } from 'oidc-provider'
import { createResourceServer } from 'oauth-resource-server'
import { getAuth, verifyJwt } from 'oauth-resource-server/express'
import * as openid from 'openid-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { api as audience, nightlyJob } from '../examples/demo/registrations.ts'
import { running, type Running } from '../examples/demo/running.ts'

let server: Running
let api: Running
/** Status of each response of the API, oldest first. */
let statuses: number[] = []

beforeAll(async () => {
  const http = createServer()
  server = await running('authorization server', http.listen(0, '127.0.0.1'))
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const info = {
    scope: 'reports:read',
    audience,
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: 'ES256' } },
  }
  const configuration = {
    clients: [
      {
        ...nightlyJob,
        id_token_signed_response_alg: 'ES256',
        redirect_uris: [],
        response_types: [],
        grant_types: ['client_credentials'],
      },
    ],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig', kid: randomUUID() }] },
    cookies: { keys: [randomUUID()] },
    features: {
      clientCredentials: { enabled: true },
      dPoP: { enabled: true },
      resourceIndicators: { getResourceServerInfo: () => info },
    },
  }
  const provider = new Provider(server.url, configuration as unknown as Configuration)
  http.on('request', provider.callback())

  const apiHttp = createServer()
  api = await running('API', apiHttp.listen(0, '127.0.0.1'))
  const app = express()
  app.use((_req, res, next) => {
    res.on('finish', () => statuses.push(res.statusCode))
    next()
  })
  app.use(
    verifyJwt({
      issuer: server.url,
      audience,
      resource: api.url,
      dpop: { required: true, nonce: { secret: randomBytes(32) } },
    }),
  )
  app.get('/reports', (req, res) => void res.json({ scheme: getAuth(req).scheme }))
  apiHttp.on('request', app)
})
afterAll(() => Promise.all([server.close(), api.close()]))

const { client_id: id, client_secret: secret } = nightlyJob
const form = { resource: audience, scope: 'reports:read' }

describe('a bound token of oidc-provider', () => {
  it('is used by openid-client, which follows the nonce unaided and once', async () => {
    statuses = []
    const config = await openid.discovery(new URL(server.url), id, secret, openid.ClientSecretBasic(secret), {
      execute: [openid.allowInsecureRequests],
    })
    const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'))
    const { access_token: token } = await openid.clientCredentialsGrant(config, form, { DPoP })
    const call = async (): Promise<unknown> => {
      const url = new URL(`${api.url}/reports?page=2`)
      const response = await openid.fetchProtectedResource(config, token, url, 'GET', null, undefined, {
        DPoP,
      })
      return response.json()
    }
    for (let time = 0; time < 3; time += 1) expect(await call()).toEqual({ scheme: 'DPoP' })
    expect(statuses).toEqual([401, 200, 200, 200])

    const stolen = await fetch(`${api.url}/reports`, { headers: { authorization: `Bearer ${token}` } })
    expect(stolen.status).toBe(401)
  })

  it('is used by oauth4webapi, which reads the challenge', async () => {
    statuses = []
    const insecure = { [oauth.allowInsecureRequests]: true }
    const issuer = new URL(server.url)
    const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure))
    const client: oauth.Client = { client_id: id }
    const options = { ...insecure, DPoP: oauth.DPoP(client, await oauth.generateKeyPair('ES256')) }
    const granted = await oauth.clientCredentialsGrantRequest(
      as,
      client,
      oauth.ClientSecretBasic(secret),
      new URLSearchParams(form),
      options,
    )
    const { access_token: token } = await oauth.processClientCredentialsResponse(as, client, granted)
    const call = (): Promise<Response> =>
      oauth.protectedResourceRequest(
        token,
        'GET',
        new URL(`${api.url}/reports`),
        undefined,
        undefined,
        options,
      )
    const refused: unknown = await call().catch((error: unknown) => error)
    expect(oauth.isDPoPNonceError(refused)).toBe(true)
    expect(await (await call()).json()).toEqual({ scheme: 'DPoP' })
    expect(statuses).toEqual([401, 200])
  })
})

it('is refused by an API without the option', async () => {
  const plain = createResourceServer({ issuer: server.url, audience })
  const config = await openid.discovery(new URL(server.url), id, secret, openid.ClientSecretBasic(secret), {
    execute: [openid.allowInsecureRequests],
  })
  const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'))
  const { access_token: token } = await openid.clientCredentialsGrant(config, form, { DPoP })
  await expect(plain.verify(token)).rejects.toMatchObject({ status: 401, reason: 'binding' })
})
