/* An API that wants a stronger login for some requests (RFC 9470), and a client that follows without being told how. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import express from 'express'
import { interactionPolicy, type Provider } from 'oidc-provider'
import * as openid from 'openid-client'
import { getAuth, requireRecentLogin, requireScope, verifyJwt } from 'oauth-resource-server/express'
import { browse, type Cookies } from '../demo/browser.ts'
import { running, type Running } from '../demo/running.ts'
import { audience, authorizationServer } from './authorization-server.ts'

const redirectUri = 'https://app.example.com/callback'

/** To read needs a login; to move money needs one with a second factor, of the last five minutes. */
async function startApi(issuer: string): Promise<Running> {
  const app = express()
  app.use(verifyJwt({ issuer, audience }))
  app.get('/reports', requireScope('reports:read'), (req, res) => {
    res.json({ acr: getAuth(req).claims['acr'] })
  })
  app.post(
    '/transfers',
    requireScope('transfers:write'),
    requireRecentLogin({ acrValues: ['mfa'], maxAge: 300 }),
    (req, res) => void res.json({ acr: getAuth(req).claims['acr'] }),
  )
  return running('API', createServer(app).listen(0, '127.0.0.1'))
}

/** What a client wants of the login. */
type Wish = Readonly<Record<string, string>>

/** Calls the API for a user, who is sent to log in when the API says that this is needed. */
export async function stepUp(print: (line: string) => void): Promise<void> {
  const issuer = await startIssuer(print)
  const api = await startApi(issuer.url)
  const config = await openid.discovery(new URL(issuer.url), 'web-app', undefined, openid.None(), {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- loopback has no TLS
    execute: [openid.allowInsecureRequests],
  })
  const cookies: Cookies = new Map<string, string>()
  let token: string | undefined

  /** Sends the user to the authorization server, and comes back with a token. */
  async function logIn(wish: Wish): Promise<string> {
    const verifier = openid.randomPKCECodeVerifier()
    const start = openid.buildAuthorizationUrl(config, {
      redirect_uri: redirectUri,
      resource: audience,
      scope: 'openid reports:read transfers:write',
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      ...wish,
    })
    const arrived = await browse(start, {}, redirectUri, cookies)
    const checks = { pkceCodeVerifier: verifier, idTokenExpected: true, ...maxAgeOf(wish) }
    return (await openid.authorizationCodeGrant(config, arrived, checks, { resource: audience })).access_token
  }

  /** Calls the API. If the login does not suffice, asks for a better one, once. */
  async function call(method: string, path: string): Promise<Response> {
    const send = async (wish?: Wish): Promise<Response> => {
      if (token === undefined || wish !== undefined) token = await logIn(wish ?? {})
      return openid.fetchProtectedResource(config, token, new URL(api.url + path), method)
    }
    try {
      return await send()
    } catch (error) {
      const wish = stepUpOf(error)
      if (wish === undefined) throw error
      print(`${method} ${path}: 401, needs ${JSON.stringify(wish)}`)
      return await send(wish)
    }
  }

  for (const [method, path] of [
    ['GET', '/reports'],
    ['POST', '/transfers'],
    ['POST', '/transfers'],
  ] as const) {
    const response = await call(method, path)
    print(`${method} ${path}: ${response.status} ${await response.text()}`)
  }
  await Promise.all([api.close(), issuer.close()])
}

/** What the challenge asks for, in the names of an authorization request (RFC 9470 section 4). */
function stepUpOf(error: unknown): Wish | undefined {
  if (!(error instanceof openid.WWWAuthenticateChallengeError)) return undefined
  const found = error.cause.find(({ parameters }) => parameters.error === 'insufficient_user_authentication')
  const { acr_values: acrValues, max_age: maxAge } = (found?.parameters ?? {}) as Record<
    string,
    string | undefined
  >
  if (found === undefined) return undefined
  return { ...(acrValues && { acr_values: acrValues }), ...(maxAge && { max_age: maxAge }) }
}

function maxAgeOf({ max_age: maxAge }: Wish): { maxAge?: number } {
  return maxAge === undefined ? {} : { maxAge: Number(maxAge) }
}

/** An authorization server whose users log in by magic: as strongly as they are asked to. */
async function startIssuer(print: (line: string) => void): Promise<Running> {
  const server = createServer()
  const issuer = await running('authorization server', server.listen(0, '127.0.0.1'))
  const provider = authorizationServer(issuer.url, {
    client: {
      client_id: 'web-app',
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code'],
      redirect_uris: [redirectUri],
    },
    more: {
      acrValues: ['pwd', 'mfa'],
      findAccount: (_context: unknown, id: string) => ({ accountId: id, claims: () => ({ sub: id }) }),
      interactions: { policy: policyWithAcr(), url: () => '/login' },
      loadExistingGrant: consent,
      // Access tokens say how and when the user logged in (RFC 9470 section 6).
      extraTokenClaims: ({ oidc }: Context) => {
        const { acr, authTime } = oidc.entities.AuthorizationCode
        return { acr, auth_time: authTime }
      },
    },
  })
  const callback = provider.callback()
  server.on('request', (request, response) => {
    if (request.url === '/login') void logInAtOnce(provider, request, response, print)
    else callback(request, response)
  })
  return issuer
}

/** What is used here of the context of oidc-provider. */
interface Context {
  readonly oidc: {
    readonly provider: Provider
    readonly client: { readonly clientId: string }
    readonly session: { readonly accountId: string; readonly acr?: string }
    readonly params: { readonly acr_values?: string }
    readonly result?: { readonly login?: object }
    readonly entities: { readonly AuthorizationCode: { readonly acr?: string; readonly authTime?: number } }
  }
}

/** The usual policy, and a new login if the last one was not of the kind that the client asks for. */
function policyWithAcr(): object {
  const { Check } = interactionPolicy
  const policy = interactionPolicy.base()
  policy.get('login').checks.add(
    new Check('acr', 'a stronger login is needed', ({ oidc }: Context) => {
      const wanted = oidc.params.acr_values?.split(' ')
      const suffices = wanted === undefined || wanted.includes(oidc.session.acr ?? '') || oidc.result?.login
      return suffices ? Check.NO_NEED_TO_PROMPT : Check.REQUEST_PROMPT
    }),
  )
  return policy
}

/** The user consents to everything. */
async function consent({ oidc }: Context): Promise<object> {
  const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId })
  grant.addOIDCScope('openid')
  grant.addResourceScope(audience, 'reports:read transfers:write')
  await grant.save()
  return grant
}

async function logInAtOnce(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
  print: (line: string) => void,
): Promise<void> {
  const { params } = await provider.interactionDetails(request, response)
  const acr = params.acr_values ?? 'pwd'
  print(`the user logs in: ${acr}`)
  await provider.interactionFinished(request, response, { login: { accountId: 'alice', acr } })
}
