import { createServer, type Server } from 'node:https'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import express from 'express'
import { createResourceServer, fromCookie } from 'oauth-resource-server'
import { verifyJwt } from 'oauth-resource-server/express'
import { createTestIssuer } from 'oauth-resource-server/testing'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { generate } from 'selfsigned'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
import { describeBrowser, startBrowser } from '../support/browser.ts'

// What a browser itself sends: the API with a page of its own, another site, and a sibling below the same domain.
// `bank.example` and `evil.example` are two sites, `app.bank.example` and `blog.bank.example` one.

const issuer = await createTestIssuer({ algorithms: ['EdDSA'] })

/** What the API saw of one request. */
interface Seen {
  readonly path: string
  readonly method: string
  readonly cookie: boolean
  readonly status: number
}

describeBrowser('requests that a browser makes', () => {
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let server: Server
  let port = 0
  const seen: Seen[] = []
  const origin = (name: string): string => `https://${name}:${port}`

  beforeAll(async () => {
    const { private: key, cert } = await generate([{ name: 'commonName', value: 'bank.example' }])
    server = createServer({ key, cert })
    server.listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    port = (server.address() as AddressInfo).port

    const api = createResourceServer({
      ...issuer.options,
      resource: origin('app.bank.example'),
      tokenFrom: fromCookie('__Host-token', { csrf: {} }),
    })
    const app = express()
    app.use((req, res, next) => {
      const { path } = req
      if (path.startsWith('/api/')) {
        res.on('finish', () => {
          seen.push({ path, method: req.method, cookie: hasCookie(req), status: res.statusCode })
        })
      }
      next()
    })
    // Pages of every site: empty, and free to do as they like. A redirect chain leads from one site to another.
    app.get('/page', (_req, res) => void res.type('html').send('<!doctype html><title>page</title><p>page'))
    app.get('/worker.js', (_req, res) => void res.type('js').send(worker))
    app.all('/redirect', (req, res) => {
      res.redirect(307, (req.query as { to: string }).to)
    })
    app.use('/api', verifyJwt(api), (_req, res) => void res.send('changed'))
    server.on('request', app)
    const sockets = new WebSocketServer({ noServer: true })
    server.on('upgrade', (req: IncomingMessage, socket: Duplex, head: Buffer) => {
      const see = (status: number): number =>
        seen.push({ path: req.url ?? '', method: 'WebSocket', cookie: hasCookie(req), status })
      Promise.resolve(api.authenticate(req)).then(
        () => {
          see(101)
          sockets.handleUpgrade(req, socket, head, (opened) => opened.close())
        },
        (error: unknown) => {
          const { status } = api.refuse(error)
          see(status)
          socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\n\r\n`)
        },
      )
    })

    browser = await startBrowser()
    context = await browser.newContext({ ignoreHTTPSErrors: true })
    page = await context.newPage()
    await context.addCookies([
      {
        name: '__Host-token',
        value: await issuer.sign({ exp: Math.floor(Date.now() / 1000) + 3600 }),
        url: origin('app.bank.example'),
        secure: true,
        httpOnly: true,
        // The weakest that a browser offers: nothing but the check protects this API.
        sameSite: 'None',
      },
    ])
  })

  afterEach(() => void seen.splice(0))
  afterAll(async () => {
    await browser.close()
    server.closeAllConnections()
    server.close()
  })

  /** Waits until the API has seen a request to a path. */
  async function reached(path: string): Promise<Seen> {
    await expect.poll(() => seen.some((each) => each.path === path), { timeout: 5000 }).toBe(true)
    return seen.find((each) => each.path === path) as Seen
  }

  const attackers = ['evil.example', 'blog.bank.example']

  /** Attacks as scripts of the attacking page. Each gets the URL to attack. */
  const attacks: Readonly<Record<string, (url: string) => unknown>> = {
    'a form': (url) => submit(url, {}),
    'a text/plain form': (url) => submit(url, { enctype: 'text/plain' }),
    'a form in a new window': (url) => submit(url, { target: '_blank' }),
    'a form in an iframe': (url) => {
      const frame = Object.assign(document.createElement('iframe'), { name: 'frame' })
      document.body.append(frame)
      submit(url, { target: 'frame' })
    },
    'a no-cors fetch': (url) =>
      fetch(url, { method: 'POST', mode: 'no-cors', credentials: 'include', body: 'x' }),
    'a beacon': (url) => navigator.sendBeacon(url, 'x'),
    'a form without a referrer': (url) => {
      document.head.append(
        Object.assign(document.createElement('meta'), { name: 'referrer', content: 'no-referrer' }),
      )
      submit(url, {})
    },
    'a form of a sandboxed iframe, whose origin is null': (url) => {
      const frame = document.createElement('iframe')
      frame.setAttribute('sandbox', 'allow-scripts allow-forms')
      frame.srcdoc = `<form method=post action="${url}"></form><script>document.forms[0].submit()</script>`
      document.body.append(frame)
    },
    'a WebSocket': (url) => new WebSocket(url.replace('https:', 'wss:')),
    'a form through a redirect of its own site': (url) =>
      submit(`/redirect?to=${encodeURIComponent(url)}`, {}),
    'a fetch through a redirect of its own site': (url) =>
      fetch(`/redirect?to=${encodeURIComponent(url)}`, {
        method: 'POST',
        mode: 'no-cors',
        credentials: 'include',
        body: 'x',
      }),
    'a fetch of a service worker': async (url) => {
      await navigator.serviceWorker.register('/worker.js')
      const { active } = await navigator.serviceWorker.ready
      active?.postMessage(url)
    },
  }

  // It runs in the page, where playwright makes it known.
  const submit = (url: string, members: object): void => {
    const form = Object.assign(document.createElement('form'), { method: 'post', action: url }, members)
    document.body.append(form)
    form.submit()
  }

  /** Goes to the page of a site. The form of an earlier test may still be on its way and interrupt that. */
  async function open(site: string): Promise<void> {
    const arrived = (): Promise<boolean> =>
      page.goto(`${origin(site)}/page`).then(
        () => true,
        () => false,
      )
    await expect.poll(arrived, { timeout: 15_000 }).toBe(true)
  }

  async function act(site: string, attack: (url: string) => unknown, path: string): Promise<void> {
    await open(site)
    const script = `{ const submit = ${submit.toString()}; void (${attack.toString()})(${JSON.stringify(`${origin('app.bank.example')}${path}`)}) }`
    // From a timer, so that a page that goes elsewhere does not end the call.
    await page.evaluate(`setTimeout(() => ${script})`)
  }

  describe.each(attackers)('of %s', (site) => {
    it.each(Object.entries(attacks))('%s changes nothing', async (name, attack) => {
      const path = `/api/${site}/${Object.keys(attacks).indexOf(name)}`
      await act(site, attack, path)
      const { cookie, status } = await reached(path)
      // Where the browser sends the cookie, the attack would have succeeded without the check. Chromium withholds it
      // from what a page of another site loads, though not from where that page goes.
      const withheld = site === 'evil.example' && !cookie && !/^a form(?! in an iframe| of)/.test(name)
      expect({ cookie, status }).toEqual(
        withheld ? { cookie: false, status: 401 } : { cookie: true, status: 403 },
      )
    })

    it.each([
      ['an image', (url: string) => void Object.assign(new Image(), { src: url })],
      [
        'an iframe',
        (url: string) => document.body.append(Object.assign(document.createElement('iframe'), { src: url })),
      ],
      ['window.open', (url: string) => void window.open(url)],
      [
        'a prefetch',
        (url: string) =>
          document.head.append(Object.assign(document.createElement('link'), { rel: 'prefetch', href: url })),
      ],
    ])('%s is a GET, which must change nothing', async (name, attack) => {
      const path = `/api/${site}/get/${encodeURIComponent(name)}`
      await act(site, attack, path)
      const { method, cookie, status } = await reached(path)
      expect({ method, status }).toEqual({ method: 'GET', status: cookie ? 200 : 401 })
    })
  })

  describe('of its own page', () => {
    it.each([
      'a form',
      'a text/plain form',
      'a no-cors fetch',
      'a beacon',
      'a WebSocket',
      'a form without a referrer',
      'a fetch of a service worker',
    ])('%s passes', async (name) => {
      const path = `/api/own/${Object.keys(attacks).indexOf(name)}`
      await act('app.bank.example', attacks[name] as (url: string) => unknown, path)
      const { cookie, status } = await reached(path)
      expect({ cookie, status }).toEqual({ cookie: true, status: name === 'a WebSocket' ? 101 : 200 })
    })

    it('a fetch passes, and its answer can be read', async () => {
      await open('app.bank.example')
      expect(
        await page.evaluate(`fetch('/api/own/fetch', { method: 'DELETE' }).then((it) => it.text())`),
      ).toBe('changed')
    })
  })

  it('refuses a program with the cookie and without Fetch Metadata', async () => {
    const cookies = await context.cookies(origin('app.bank.example'))
    const response = await context.request.post(`https://127.0.0.1:${port}/api/program`, {
      headers: { cookie: cookies.map(({ name, value }) => `${name}=${value}`).join('; ') },
    })
    expect(response.status()).toBe(403)
  })
})

function hasCookie({ headers }: IncomingMessage): boolean {
  return headers.cookie?.includes('__Host-token=') === true
}

const worker = `
addEventListener('activate', (event) => event.waitUntil(clients.claim()))
addEventListener('message', ({ data }) => fetch(data, { method: 'POST', mode: 'no-cors', credentials: 'include', body: 'x' }))
`
