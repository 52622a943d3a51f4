import { createResourceServer } from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'
import { type HostOptions, hosts } from '../support/hosts.ts'
import { sharedHosts } from '../support/shared-hosts.ts'

const now = 1_800_000_000
const at = { now: () => now * 1000 }
const issuer = await createTestIssuer({ issuer: 'https://issuer.test/', algorithms: ['EdDSA'], ...at })
const api = createResourceServer(issuer.options)
const started = sharedHosts()

const options: HostOptions = {
  routes: {
    '/mfa': (guards) => guards.requireRecentLogin({ acrValues: ['mfa', 'hw'], maxAge: 300 }),
    '/pay': (guards) => guards.requireAuthorizationDetails('payment', ({ amount }) => Number(amount) < 10),
    '/pay/later': (guards) =>
      guards.requireAuthorizationDetails('payment', (detail, request) =>
        Promise.resolve(request !== undefined && detail['amount'] === 5),
      ),
    '/pay/any': (guards) => guards.requireAuthorizationDetails('payment'),
    '/pay/broken': (guards) => guards.requireAuthorizationDetails('payment', () => 'yes' as never),
  },
}

const strong = { acr: 'mfa', auth_time: now - 300 }
const small = { authorization_details: [{ type: 'payment', amount: 5 }] }

interface Answer {
  readonly status: number
  readonly challenge: string | null
  readonly body: unknown
}

describe.each(Object.entries(hosts))('%s', (_name, start) => {
  async function ask(path: string, claims: object): Promise<Answer> {
    const { origin } = await started(start, api, options)
    const headers = { authorization: `Bearer ${await issuer.sign({ ...claims })}` }
    const response = await fetch(`${origin}${path}`, { headers })
    const text = await response.text()
    const isJson = /json/.test(response.headers.get('content-type') ?? '')
    return {
      status: response.status,
      challenge: response.headers.get('www-authenticate'),
      body: isJson ? JSON.parse(text) : undefined,
    }
  }

  it('lets a strong and recent login through', async () => {
    expect(await ask('/mfa', strong)).toMatchObject({ status: 200, challenge: null })
  })

  it.each([
    ['a weak login', { ...strong, acr: 'pwd' }],
    ['an old login', { ...strong, auth_time: now - 331 }],
    ['a login in the future', { ...strong, auth_time: now + 31 }],
    ['no acr', { ...strong, acr: undefined }],
    ['no auth_time', { ...strong, auth_time: undefined }],
  ])('tells the client which login to get: %s (RFC 9470 §3)', async (_title, claims) => {
    expect(await ask('/mfa', claims)).toEqual({
      status: 401,
      challenge:
        'Bearer realm="https://api.test", error="insufficient_user_authentication", error_description="A stronger or more recent login of the user is required", acr_values="mfa hw", max_age="300"',
      body: {
        error: 'insufficient_user_authentication',
        error_description: 'A stronger or more recent login of the user is required',
      },
    })
  })

  it.each(['/pay', '/pay/later', '/pay/any'])('lets fitting details through on %s', async (path) => {
    expect(await ask(path, small)).toMatchObject({ status: 200 })
  })

  it.each([
    ['/pay', { authorization_details: [{ type: 'payment', amount: 50 }] }],
    ['/pay/later', { authorization_details: [{ type: 'payment', amount: 6 }] }],
    ['/pay/any', { authorization_details: [{ type: 'account' }] }],
    ['/pay/any', { authorization_details: { type: 'payment' } }],
    ['/pay/any', {}],
  ])('refuses other details on %s: %j (RFC 9396 §9)', async (path, claims) => {
    expect(await ask(path, claims)).toEqual({
      status: 403,
      challenge: null,
      body: { error: 'forbidden', error_description: 'The caller is not allowed to do this' },
    })
  })

  it('takes a predicate that returns no boolean for a mistake of the application', async () => {
    // A fetch server has no error path of its own: the promise of the handler rejects.
    const answer = await ask('/pay/broken', small)
    expect(answer.status).toBe(500)
  })
})
