/** The API under protection, as an OAuth resource (RFC 8707). */
export const api = 'https://api.example.com'

/** Another API of the same authorization server: its tokens are genuine, and not for us. */
export const siblingApi = 'https://billing.example.com'

/** Every scope of either API. Both know the same ones, so that only the audience tells their tokens apart. */
export const apiScope = 'reports:read reports:write'

/** Where the browser is sent when the user has signed in. Nothing listens there: the demo stops before. */
export const redirectUri = 'https://app.example.com/callback'

/** Who can sign in, and with which roles. Any password will do. */
export const users: Readonly<Record<string, readonly string[]>> = {
  alice: ['admin'],
  bob: ['reader'],
  carol: ['reader'],
}

/** A program with credentials of its own. They are worth nothing outside the demo. */
export const nightlyJob = { client_id: 'nightly-job', client_secret: 'for-loopback-only' }

/** Signs users in as the web application does, but its access tokens live for a second. */
export const hurriedClient = 'kiosk'

/** Signs users in as the web application does; its API runs in two processes. */
export const scaledClient = 'shop'

/** Signs users in. */
export const webClient = 'web-app'

const publicApp = {
  token_endpoint_auth_method: 'none',
  grant_types: ['authorization_code'],
  redirect_uris: [redirectUri],
}

/** The applications registered at the authorization server. */
export const clients = [
  { ...publicApp, client_id: webClient },
  { ...publicApp, client_id: scaledClient },
  { ...publicApp, client_id: hurriedClient },
  {
    ...nightlyJob,
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
  },
]

/** How long a client's access tokens live. Seconds. */
export function lifetime(clientId: string): number {
  return clientId === hurriedClient ? 1 : 3600
}
