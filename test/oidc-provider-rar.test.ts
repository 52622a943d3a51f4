/* eslint-disable @typescript-eslint/no-deprecated -- the servers of tests have no TLS */
/* openid-client asks oidc-provider for rich authorization (RFC 9396), and the API reads it in both kinds of token. */
import { createServer } from 'node:http'
import { authorizationDetails, createResourceServer, type Guard } from 'oauth-resource-server'
import * as openid from 'openid-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { running, type Running } from '../examples/demo/running.ts'
import { audience, authorizationServer } from '../examples/sender-constrained/authorization-server.ts'
import { verdict } from './support/tokens.ts'

const client = { client_id: 'shop', client_secret: 'for-loopback-only' }
const introspector = { client_id: 'api', client_secret: 'for-loopback-too' }
const payment = { type: 'payment', actions: ['initiate'], amount: 5 }

/** What is used here of the context of oidc-provider. */
interface Context {
  readonly oidc: { readonly params: { readonly authorization_details?: string } }
}
interface Granted {
  readonly rar?: readonly object[]
}

/** Form of the next token. */
let format: 'jwt' | 'opaque'
let server: Running

beforeAll(async () => {
  const http = createServer()
  server = await running('authorization server', http.listen(0, '127.0.0.1'))
  const clients = [{ ...client, authorization_details_types: ['payment', 'account'] }, introspector].map(
    (each) => ({
      ...each,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      id_token_signed_response_alg: 'ES256',
    }),
  )
  const provider = authorizationServer(server.url, {
    client: {},
    features: {
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      resourceIndicators: {
        defaultResource: () => audience,
        getResourceServerInfo: () => ({
          scope: 'pay',
          audience,
          accessTokenFormat: format,
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
      richAuthorizationRequests: {
        enabled: true,
        types: { payment: { validate: () => undefined }, account: { validate: () => undefined } },
        authorizationDetailsForAccessToken: ({ oidc }: Context) =>
          JSON.parse(oidc.params.authorization_details ?? '[]') as unknown,
        authorizationDetailsForIntrospection: (_context: Context, { rar }: Granted) => rar,
      },
    },
    more: { clients },
  })
  http.on('request', provider.callback())
})
afterAll(() => server.close())

async function tokenWith(details: readonly object[] | undefined): Promise<string> {
  const basic = openid.ClientSecretBasic(client.client_secret)
  const config = await openid.discovery(new URL(server.url), client.client_id, undefined, basic, {
    execute: [openid.allowInsecureRequests],
  })
  const asked = details === undefined ? {} : { authorization_details: JSON.stringify(details) }
  const granted = await openid.clientCredentialsGrant(config, { resource: audience, ...asked })
  return granted.access_token
}

describe.each(['jwt', 'opaque'] as const)('authorization details of oidc-provider in a token, %s', (form) => {
  const small = authorizationDetails('payment', ({ actions, amount }) => {
    return Array.isArray(actions) && actions.includes('initiate') && Number(amount) < 10
  })

  async function ask(details: readonly object[] | undefined, guard: Guard = small): Promise<string> {
    format = form
    const { client_id: clientId, client_secret: clientSecret } = introspector
    const introspection = { clientId, clientSecret }
    const api = createResourceServer({ issuer: server.url, audience, introspection })
    const token = await tokenWith(details)
    expect(token.split('.')).toHaveLength(form === 'jwt' ? 3 : 1)
    return verdict(api.authenticate({ headers: { authorization: `Bearer ${token}` } }, guard))
  }

  it.each<[string, readonly object[] | undefined, string]>([
    ['the right ones', [payment], '200'],
    ['the right ones beside others', [{ type: 'account' }, { ...payment, amount: 50 }, payment], '200'],
    ['too high an amount', [{ ...payment, amount: 50 }], '403 authorization_details'],
    ['another action', [{ ...payment, actions: ['cancel'] }], '403 authorization_details'],
    ['another type', [{ type: 'account' }], '403 authorization_details'],
    ['none', undefined, '403 authorization_details'],
  ])('%s', async (_what, details, expected) => {
    expect(await ask(details)).toBe(expected)
  })
})
