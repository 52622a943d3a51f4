import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launch, type Launched } from '../../examples/playground/launch.ts'
import { attackIn, attacks } from '../../examples/playground/other-site/attacks.ts'
import { type Browser, openBrowser } from './browser.ts'

let playground: Launched
let bob: Browser

beforeAll(async () => {
  playground = await launch({ port: 0 })
  bob = openBrowser(playground)
  await bob.signIn('bob', 'builder')
})
afterAll(() => playground.close())

/** As a browser sends it from the other site: which headers, by what caused the request. */
const requests: Record<string, readonly [method: string, path: string, headers?: Record<string, string>]> = {
  'form post': [
    'POST',
    '/do/revoke',
    { 'sec-fetch-dest': 'iframe', 'content-type': 'application/x-www-form-urlencoded' },
  ],
  'form that looks like JSON': [
    'POST',
    '/do/revoke',
    { 'sec-fetch-dest': 'iframe', 'content-type': 'text/plain' },
  ],
  'form that signs out': ['POST', '/logout', { 'sec-fetch-dest': 'iframe' }],
  'fetch without CORS': ['POST', '/do/revoke', { 'content-type': 'text/plain' }],
  'fetch with JSON': ['OPTIONS', '/do/revoke', { 'access-control-request-method': 'POST' }],
  sendBeacon: ['POST', '/do/revoke'],
  image: ['GET', '/state', { 'sec-fetch-dest': 'image' }],
  script: ['GET', '/state', { 'sec-fetch-dest': 'script' }],
  iframe: ['GET', '/', { 'sec-fetch-dest': 'iframe' }],
  prefetch: ['GET', '/state', { 'sec-purpose': 'prefetch' }],
  WebSocket: ['GET', '/state', { 'sec-fetch-dest': 'websocket' }],
  window: ['GET', '/', { 'sec-fetch-dest': 'document' }],
}

describe('the other site', () => {
  it.each(attacks)('gets nowhere with: $name', async ({ name }) => {
    const { urls } = playground
    const [method, path, headers = {}] = requests[name] ?? expect.fail()
    const response = await bob.send(
      `${urls.client}${path}?${new URLSearchParams({ attack: name }).toString()}`,
      { method, headers: { origin: urls.otherSite, 'sec-fetch-dest': 'empty', ...headers } },
      'cross-site',
    )
    await response.text()
    expect(response.headers.get('access-control-allow-origin')).toBeNull()
    expect(response.status).toBe(name === 'window' ? 200 : 403)
    const state = await bob.state()
    expect(state.user?.name).toBe('bob')
    expect(state.attacks[0]).toMatchObject({ name, refused: name !== 'window' })
    expect(state.attacks[0]?.seen).toContain('no cookie: with SameSite=Strict the browser does not send it')
    expect((await bob.act('call', { route: 'GET /me' })).decisions.map(({ status }) => status)).toEqual([
      200, 200, 200,
    ])
  })

  it('has a page with a button and a result for each, and a script', async () => {
    const { client, otherSite } = playground.urls
    const page = await (await bob.send(otherSite)).text()
    for (const { name } of attacks) expect(page).toContain(`data-result="${name}"`)
    expect(page).toContain(`data-client="${client}"`)
    const script = await (await bob.send(`${otherSite}/attack.js`)).text()
    expect(script).toContain('sendBeacon')
    expect(script).not.toContain('AttackName')
    const seen = (await (await bob.send(`${otherSite}/seen`)).json()) as object[]
    expect(seen).toHaveLength(attacks.length)
    expect((await bob.send(`${otherSite}/other`)).status).toBe(404)
  })

  it('names its attacks, and nothing else', () => {
    expect(attackIn('/state?attack=image')).toBe('image')
    expect(attackIn('/state?attack=%3Cb%3E')).toBeUndefined()
    expect(attackIn('/state')).toBeUndefined()
  })
})
