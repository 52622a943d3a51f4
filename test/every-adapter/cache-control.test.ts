import { createResourceServer, firstOf, fromCookie, fromHeader, fromQuery } from 'oauth-resource-server'
import { createTestClock, createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'
import { boundToken, dpopClient, dpopHeaders, resource } from '../support/dpop.ts'
import { type AdapterGuards, type HostOptions, hosts, http2Hosts, http2Request } from '../support/hosts.ts'
import { sharedHosts } from '../support/shared-hosts.ts'

// Who may store a response: what the adapter says about it, and what a handler says, which counts for more.

const clock = createTestClock()
const issuer = await createTestIssuer({ algorithms: ['EdDSA'], clock })
const client = dpopClient(clock.now)
const exp = clock.now() / 1000 + 86_400
const tokens = { usual: await issuer.sign({ exp }), bound: await boundToken(issuer, client, { exp }) }
const nonce = { secret: 'a secret of the tests, which is long enough', lifetime: 300 }
const api = createResourceServer({
  ...issuer.options,
  resource,
  tokenFrom: firstOf(fromHeader(), fromQuery(), fromCookie('token', { csrf: {} })),
  dpop: { nonce },
})
const started = sharedHosts()

interface Sent {
  readonly query?: string
  readonly headers?: Record<string, string>
}

const withProof = (nonceOf?: string): Sent => ({
  headers: dpopHeaders(tokens.bound, client.proof(tokens.bound, { claims: { nonce: nonceOf } })),
})

/** A proof with a nonce in the second half of its life: the response has the next one. */
async function withOldNonce(): Promise<Sent> {
  const refused: unknown = await api
    .authenticate({ method: 'GET', url: '/', headers: { ...withProof().headers } })
    .catch((error: unknown) => error)
  clock.advance(200)
  return withProof(api.refuse(refused).headers['DPoP-Nonce'])
}

type Row = readonly [place: string, send: () => Sent | Promise<Sent>, byDefault: string | null]
const rows: readonly Row[] = [
  ['the header', () => ({ headers: { authorization: `Bearer ${tokens.usual}` } }), null],
  ['the query', () => ({ query: `?access_token=${tokens.usual}` }), 'private'],
  ['a cookie', () => ({ headers: { cookie: `token=${tokens.usual}` } }), 'private'],
  ['the header, and the response has a nonce', withOldNonce, 'no-store'],
]

const routes = { '/admin': ({ requireScope }: AdapterGuards) => requireScope('admin') }
const own = 'public, max-age=60'
const silent: HostOptions = { routes }
const speaking: HostOptions = { routes, cacheControl: own }
const ahead: HostOptions = { routes, cacheControlAhead: own }

describe.each(Object.entries(hosts))('Cache-Control on %s', (name, start) => {
  const get = async (
    options: HostOptions,
    { query = '', headers = {} }: Sent,
    path = '/',
  ): Promise<unknown> => {
    const { origin } = await started(start, api, options)
    const response = await fetch(`${origin}${path}${query}`, { headers })
    return [response.status, response.headers.get('cache-control')]
  }

  it.each(rows)(
    'with the token in %s: that of the handler, where it has one',
    async (_place, send, byDefault) => {
      expect(await get(silent, await send())).toEqual([200, byDefault])
      expect(await get(speaking, await send())).toEqual([200, own])
    },
  )

  it.each(rows.slice(0, 3))('with the token in %s: no refusal of a guard is stored', async (_place, send) => {
    for (const options of [silent, speaking, ahead])
      expect(await get(options, await send(), '/admin')).toEqual([403, 'no-store'])
  })

  if (name !== 'fetch') {
    it('that of something ahead stays on a response, and on no refusal', async () => {
      const [, [, inQuery]] = rows as [Row, Row]
      expect(await get(ahead, await inQuery())).toEqual([200, own])
      expect(await get(ahead, {})).toEqual([401, 'no-store'])
    })
  }

  const startHttp2 = http2Hosts[name]
  if (startHttp2 !== undefined) {
    it('that of the handler counts over HTTP/2 too', async () => {
      const ask = async (options: HostOptions): Promise<unknown> => {
        const { port } = await started(startHttp2, api, options)
        const { status, headers } = await http2Request(port, { cookie: `token=${tokens.usual}` })
        return [status, headers.get('cache-control')]
      }
      expect(await ask(overHttp2)).toEqual([200, 'private'])
      expect(await ask(speakingOverHttp2)).toEqual([200, own])
    })
  }
})

const overHttp2: HostOptions = { http2: true }
const speakingOverHttp2: HostOptions = { http2: true, cacheControl: own }
