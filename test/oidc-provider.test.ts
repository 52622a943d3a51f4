import { isAuthError, createResourceServer, type ResourceServer } from 'oauth-resource-server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAuthorizationServer, type Algorithm } from '../examples/demo/authorization-server.ts'
import { api as audience } from '../examples/demo/registrations.ts'
import type { Running } from '../examples/demo/running.ts'
import { signIn } from '../examples/demo/tokens.ts'
import { tries } from './support/tries.ts'
import { type Host, type HostAnswer, hosts, rawRequest } from './support/hosts.ts'

/** Tokens that are verified at once. */
const batch = 100

const algorithms: readonly Algorithm[] = ['RS256', 'PS256', 'ES256', 'EdDSA']

describe.each(algorithms)('a %s token of oidc-provider', (algorithm) => {
  let server: Running
  let token: string

  beforeAll(async () => {
    server = await startAuthorizationServer({ algorithm })
    const tokens = await signIn(server.url, { user: 'alice', scope: 'reports:read' })
    token = tokens.access_token
  })
  afterAll(() => server.close())

  describe('at the core', () => {
    let api: ResourceServer

    beforeAll(() => {
      api = createResourceServer({ issuer: server.url, audience })
    })

    it('is accepted', async () => {
      const auth = await api.verify(token)
      expect(auth.header?.alg).toBe(algorithm)
      expect(auth).toMatchObject({ issuer: server.url, subject: 'alice', clientId: 'web-app' })
      expect([...auth.scopes]).toEqual(['reports:read'])
      expect([...auth.roles]).toEqual(['admin'])
    })

    it('is refused with any one of its bits changed', async () => {
      const changed = someBits(token, tries(token.length * 8, 200))
      const outcomes = new Set<unknown>()
      // In batches: thousands at once keep a busy machine from fetching keys in time, which is 503.
      for (let from = 0; from < changed.length; from += batch) {
        const some = changed.slice(from, from + batch)
        for (const it of await Promise.all(some.map((one) => outcome(api.verify(one))))) outcomes.add(it)
      }
      expect(outcomes).toEqual(new Set(['invalid_token']))
    })
  })

  describe.each(Object.entries(hosts))('at %s', (_name, start) => {
    let host: Host

    beforeAll(async () => {
      host = await start(createResourceServer({ issuer: server.url, audience }))
    })
    afterAll(() => host.close())

    it('is accepted', async () => {
      const response = await fetch(host.origin, { headers: { authorization: `Bearer ${token}` } })
      expect(response.status).toBe(200)
      expect(await response.json()).toEqual({
        subject: 'alice',
        clientId: 'web-app',
        scopes: ['reports:read'],
        roles: ['admin'],
        anonymous: false,
      } satisfies HostAnswer)
    })

    it('is refused with one of its bits changed', async () => {
      const calls = host.calls()
      const changed = someBits(token, 40)
      const answers = await Promise.all(changed.map((credentials) => present(host.port, credentials)))
      expect(answers).toEqual(
        changed.map((credentials) => (b64token.test(credentials) ? '401 invalid_token' : '400')),
      )
      expect(host.calls()).toBe(calls)
    })
  })
})

/** What may follow `Bearer` (RFC 6750 §2.1); anything else is a malformed request, to the API or to Node. */
const b64token = /^[\w.~+/-]+=*$/

/** Sends the token as it is, though it may hold characters that no HTTP client would put into a header. */
async function present(port: number, token: string): Promise<string> {
  const lines = ['GET / HTTP/1.1', 'Host: localhost', `Authorization: Bearer ${token}`, 'Connection: close']
  const { status, headers } = await rawRequest(port, `${lines.join('\r\n')}\r\n\r\n`)
  const [, error = ''] = /error="(\w+)"/.exec(headers.get('www-authenticate') ?? '') ?? []
  return status === 401 ? `401 ${error}` : String(status)
}

async function outcome(verified: Promise<unknown>): Promise<unknown> {
  try {
    await verified
    return 'accepted'
  } catch (error) {
    return isAuthError(error) ? error.code : error
  }
}

/** The token `count` times, each with another bit changed: from the first character to the last, every bit in turn. */
function someBits(token: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) =>
    flip(token, Math.floor((index * token.length) / count), index & 7),
  )
}

function flip(token: string, position: number, bit: number): string {
  const changed = String.fromCharCode(token.charCodeAt(position) ^ (1 << bit))
  return token.slice(0, position) + changed + token.slice(position + 1)
}
