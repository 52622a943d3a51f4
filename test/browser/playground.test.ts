import { gzipSync } from 'node:zlib'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launch, type Launched } from '../../examples/playground/launch.ts'
import { buildPage } from '../../examples/playground/page/build.ts'
import type { Outcome } from '../../examples/playground/protocol.ts'
import { describeBrowser, startBrowser } from '../support/browser.ts'
import { narrow, startVisit, tokensIn, type Visit } from '../support/playground-visit.ts'

// One visit from the first page to the last, on a small screen. Every test goes on where the one before it stopped.

const onlyLoopback = 'MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1'

describe('the page of the playground', () => {
  it('has at most 60 KB of script and style, compressed', async () => {
    const { html, script, style } = await buildPage()
    expect(gzipSync(script).length + gzipSync(style).length).toBeLessThanOrEqual(60 * 1024)
    // Nothing inline, and nothing from elsewhere.
    expect(html).not.toMatch(/<style|style=|\son\w+=|<script(?! type="module" src="\/)|https?:/)
  })
})

describeBrowser('a visit to the playground', () => {
  let browser: Browser
  let playground: Launched
  let visit: Visit

  beforeAll(async () => {
    ;[browser, playground] = await Promise.all([startBrowser(onlyLoopback), launch({ port: 0 })])
    visit = await startVisit(browser)
  })

  afterAll(async () => {
    await browser.close()
    await playground.close()
  })

  /** Acts, and expects that the verdict is in sight at once, on a small screen too. */
  async function act(selector: string): Promise<Outcome> {
    const outcome = await visit.act(selector)
    expect(await visit.page.innerText('.verdict .summary')).toBe(outcome.summary)
    expect({ summary: outcome.summary, visible: await isVerdictVisible() }).toEqual({
      summary: outcome.summary,
      visible: true,
    })
    return outcome
  }

  const isVerdictVisible = async (): Promise<boolean> =>
    await visit.page.evaluate(() =>
      ['.verdict .mark', '.verdict .summary'].every((selector) => {
        const element = document.querySelector(selector)
        if (element === null) return false
        const { top, bottom, left, right } = element.getBoundingClientRect()
        const hit = document.elementFromPoint(left + 4, top + 4)
        return top >= 0 && bottom <= innerHeight && right <= innerWidth && element.contains(hit)
      }),
    )

  const statuses = ({ decisions }: Outcome): number[] => decisions.map(({ status }) => status)
  const call = async (route: string): Promise<Outcome> => await act(`button[aria-label="Call ${route}"]`)

  async function signIn(user: string): Promise<void> {
    const { page, open } = visit
    await open('sign-in')
    await page.click(`text=Sign in as ${user}`)
    await page.click('button:text-is("Sign in")')
    await page.waitForSelector(`text=You are signed in as ${user}`)
  }

  async function signOut(): Promise<void> {
    const { page, open } = visit
    await open('refresh')
    await page.click('button:text-is("Sign out")')
    await page.waitForSelector('text=Yes, sign out')
    expect(await visit.objections()).toEqual([])
    await page.click('text=Yes, sign out')
    await page.waitForSelector('text=Sign in as alice')
  }

  it('begins with what the certificate warning means', async () => {
    const { page } = visit
    await page.goto(playground.urls.welcome)
    expect(await page.innerText('.note h2')).toBe('First, your browser will warn you')
    expect(await visit.objections()).toEqual([])
    await page.click('text=Open the playground')
    await page.waitForSelector('text=Sign in as alice')
    expect(await visit.objections()).toEqual([])
  })

  it('shows the 401 of a caller without a token', async () => {
    await visit.open('call')
    const outcome = await call('GET /me')
    expect(statuses(outcome)).toEqual([401, 401, 401])
    await visit.page.click('text=Show every check')
    expect(await visit.page.innerText('.challenge')).toBe(outcome.decisions[0]?.challenge)
    expect(await visit.objections()).toEqual([])
    await visit.page.keyboard.press('Escape')
    expect(await visit.page.isVisible('.details')).toBe(false)
  })

  it('signs alice in at the authorization server', async () => {
    const { page, open } = visit
    await open('sign-in')
    await page.click('text=Sign in as alice')
    await page.fill('input[name=password]', 'wrong')
    await page.click('button:text-is("Sign in")')
    expect(await page.innerText('[role=alert]')).toContain('wrong')
    expect(await visit.objections()).toEqual([])
    await page.fill('input[name=login]', 'alice')
    await page.fill('input[name=password]', 'wonderland')
    await page.click('button:text-is("Sign in")')
    await page.waitForSelector('text=You are signed in as alice')
    expect(await visit.objections()).toEqual([])
    await visit.pictures('signed-in')
  })

  it('takes the tokens apart, and counts the lifetime down', async () => {
    const { page, open } = visit
    await open('token')
    const { accessToken } = await visit.state()
    const members = [...(accessToken?.header.members ?? []), ...(accessToken?.payload.members ?? [])]
    const names = await page.$$eval('.members .name', (all) => all.map(({ textContent }) => textContent))
    expect(names).toEqual(members.map(({ name }) => name))
    expect(await page.innerText('.members')).toContain('Read by: ')
    const before = await page.innerText('.count')
    await expect.poll(async () => await page.innerText('.count')).not.toBe(before)
    expect(await visit.objections()).toEqual([])
    await visit.pictures('token')
    await visit.pick('ID token')
    expect(await page.innerText('.payload')).toContain('playground')
  })

  it('takes a broken token apart as far as it goes, and sends it nowhere', async () => {
    const { page } = visit
    await visit.pick('One that I paste')
    // The header of a token, and a payload that ends too soon.
    await page.fill('textarea', `${btoa('{"alg":"RS256"}').replaceAll('=', '')}.eyJpc3Mi`)
    const outcome = await act('text=Take it apart')
    expect(outcome.decisions).toEqual([])
    expect(await page.innerText('.token .header')).toContain('"RS256"')
    expect(await page.innerText('.token')).toContain(outcome.parts?.problem?.slice(1) ?? 'no problem')
    expect(await visit.objections()).toEqual([])
    expect(statuses(await act('text=Send it to the APIs'))).toEqual([401, 401, 401])
  })

  it('shows every check of an API in order, with what was expected', async () => {
    const { page, open } = visit
    await open('call')
    const outcome = await call('GET /reports')
    expect(statuses(outcome)).toEqual([200, 200, 200])
    await page.click('text=Show every check')
    const shown = await page.$$eval('.checks > li', (all) =>
      all.map((item) => ({
        name: item.querySelector('.step-name')?.textContent,
        ok: item.classList.contains('passed'),
        compared: [...item.querySelectorAll('.compared dd')].map(({ textContent }) => textContent),
      })),
    )
    expect(shown).toEqual(
      outcome.decisions[0]?.steps.map(({ name, ok, expected, actual }) => ({
        name,
        ok,
        compared: [expected, actual].filter((text) => text !== undefined),
      })),
    )
    expect(shown.length).toBeGreaterThan(10)
    expect(await visit.objections()).toEqual([])
    await page.click('.more')
    for (const route of ['GET /public', 'POST /reports', 'DELETE /reports/1']) {
      expect(Math.max(...statuses(await call(route)))).toBeLessThan(300)
    }
    await visit.pick('Koa')
    expect((await call('GET /me')).decisions.map(({ api }) => api)).toEqual(['Koa'])
    await visit.pick('All three')
    await visit.pick('My ID token')
    expect(statuses(await call('GET /me'))).toEqual([401, 401, 401])
    await visit.pick('A program’s')
    expect(statuses(await call('GET /reports'))).toEqual([200, 200, 200])
  })

  it('draws the recording, and nothing else', async () => {
    const { page, open } = visit
    await open('diagram')
    await visit.pick('Everything since the last sign-in began')
    const { recording } = await visit.state()
    expect(recording.length).toBeGreaterThan(6)
    const numbers = async (selector: string): Promise<number[]> =>
      await page.$$eval(selector, (all) => all.map((each) => Number(each.getAttribute('data-number'))))
    const recorded = recording.map(({ number }) => number)
    // The page has the state of its last action; the requests since then are this test's own.
    const drawn = await numbers('.sequence .arrow.request')
    expect(drawn).toEqual(recorded.filter((number) => drawn.includes(number)))
    expect(await numbers('.sequence .arrow.response')).toHaveLength(drawn.length)
    expect(await numbers('.exchanges tbody tr')).toEqual(drawn)
    const parties = await page.$$eval('.sequence .lane', (all) =>
      all.map((each) => each.getAttribute('data-party')),
    )
    expect(parties).toEqual(['Browser', 'Client', 'Authorization server', 'Express', 'Fastify', 'Koa'])
    expect(await visit.objections()).toEqual([])
    await visit.pictures('diagram')
  })

  it('forges by name, and every API refuses every forgery', async () => {
    const { open, page } = visit
    await open('forgeries')
    const { forgeries } = await visit.state()
    expect(forgeries.length).toBeGreaterThan(5)
    for (const { name } of forgeries) {
      const { asItShouldBe, decisions } = await act(`button[aria-label="Forge: ${name}"]`)
      expect({ name, asItShouldBe }).toEqual({ name, asItShouldBe: true })
      expect({ name, accepted: decisions.filter(({ status }) => status < 400) }).toEqual({
        name,
        accepted: [],
      })
    }
    await page.click('text=Show every check')
    await page.click('text=The token that was sent')
    expect(await page.isVisible('.details .part.header')).toBe(true)
    expect(await visit.objections()).toEqual([])
  })

  it('compares RS256 with HS256: who can verify, who could forge', async () => {
    const { open, page } = visit
    await open('algorithms')
    const { comparison = [] } = await act('text=Try both')
    const shown = await page.$$eval('.algorithms h3', (all) => all.map(({ textContent }) => textContent))
    expect(shown).toEqual(comparison.map(({ algorithm }) => algorithm))
    expect(shown).toEqual(['RS256', 'HS256'])
    expect(await visit.objections()).toEqual([])
  })

  it('shows what another site tried, and that it got nowhere', async () => {
    const { context, open, page } = visit
    await open('other-site')
    const [other] = await Promise.all([context.waitForEvent('page'), page.click('text=Open the other site')])
    // Its script runs before that, and the button does nothing without it.
    await other.waitForLoadState('load')
    await other.click('text=Try everything')
    await expect
      .poll(async () => await page.locator('.attacks > li').count(), { timeout: 10_000 })
      .toBeGreaterThan(7)
    const { attacks, user } = await visit.state()
    expect(attacks.filter(({ seen }) => seen.some((line) => line.includes('__Host-session=')))).toEqual([])
    expect(user?.name).toBe('alice')
    await other.waitForSelector('text=Refused.')
    expect(await visit.objections(other)).toEqual([])
    await other.close()
    expect(await visit.objections()).toEqual([])
  })

  it('refreshes, and withdraws everything when an old refresh token is used again', async () => {
    const { open, page } = visit
    await open('token')
    expect((await act('input[type=radio][value="10"]')).state.lifetime).toBe(10)
    await act('text=Refresh the token now')
    await visit.pick('Access token')
    expect(await page.innerText('.lifetime')).toContain('of 0:10')
    await act('input[type=radio][value="900"]')
    await open('refresh')
    expect((await act('button:text-is("Refresh")')).state.refreshes).toBe(2)
    expect(await visit.objections()).toEqual([])
    const reused = await act('text=Reuse the old one')
    expect(reused.asItShouldBe).toBe(true)
    await page.reload()
    await signOutAnyhow()
  })

  /** Reuse may have ended the session at the client already. */
  async function signOutAnyhow(): Promise<void> {
    const { user } = await visit.state()
    if (user !== undefined) await signOut()
  }

  it('refuses a revoked token', async () => {
    await signIn('alice')
    await visit.open('refresh')
    await act('text=Revoke it')
    expect(statuses(await act('text=Call GET /me'))).toEqual([401, 401, 401])
    expect(await visit.objections()).toEqual([])
  })

  it('shows bob a 403, and why', async () => {
    await signOut()
    await signIn('bob')
    await visit.open('call')
    const outcome = await call('DELETE /reports/1')
    expect(statuses(outcome)).toEqual([403, 403, 403])
    await visit.page.click('text=Show every check')
    expect(await visit.page.innerText('.deciding')).toContain('admin')
    expect(await visit.objections()).toEqual([])
    await visit.pictures('forbidden')
    await visit.page.click('.more')
  })

  it('refuses the old token after sign-out, although it has not expired', async () => {
    await signOut()
    await visit.open('refresh')
    expect(statuses(await act('text=Try the old token'))).toEqual([401, 401, 401])
    expect(await visit.page.innerText('.lifetime')).toMatch(/^Valid for 1\d:/)
    expect(await visit.objections()).toEqual([])
  })

  it('draws the key caches while keys are rotated and the issuer is down', async () => {
    const { page, open } = visit
    await signIn('alice')
    await open('keys')
    await act('text=Call GET /me on all three')
    const old = (await visit.state()).issuer.keys.map(({ kid }) => kid)
    const { state } = await act('text="Rotate the keys"')
    const fresh = state.issuer.keys.map(({ kid }) => kid).filter((kid) => !old.includes(kid))
    expect(fresh.length).toBeGreaterThan(0)
    // The action has called every API with a token of the new key.
    const held = async (kid: string): Promise<number> =>
      await page.locator(`.caches [title="${kid}"]`).count()
    await expect.poll(async () => await held(fresh[0] ?? '')).toBe(3)
    expect(await visit.objections()).toEqual([])
    await visit.pictures('keys')
    await act('text=Refresh the token')
    expect(statuses(await act('text=Call GET /me on all three'))).toEqual([200, 200, 200])
    await act('input[value=down]')
    expect(statuses(await act('text=Call GET /me on all three'))).toEqual([200, 200, 200])
    expect(await page.innerText('header')).toContain('Issuer down')
    expect(await visit.objections()).toEqual([])
    await act('input[value=hanging]')
    expect(statuses(await act('text=Call GET /me on all three'))).toEqual([200, 200, 200])
    await act('input[value=up]')
    await act('text=Rotate, and withdraw the old ones')
    // An API that still holds one shows that it is no longer published.
    const gone = page.locator(`.key:not(.withdrawn) [title="${old[0] ?? ''}"]`)
    await expect.poll(async () => await gone.count()).toBe(0)
    expect(await visit.objections()).toEqual([])
  })

  it('binds a token to a key, and refuses a replayed proof', async () => {
    await signOut()
    await signIn('alice')
    await visit.open('dpop')
    expect(statuses(await act('text=Bind and call GET /me'))).toContain(200)
    expect(await visit.objections()).toEqual([])
    for (const button of ['text=Replay the proof', 'text=Send it as a Bearer token']) {
      const outcome = await act(button)
      expect(outcome.asItShouldBe).toBe(true)
      expect(statuses(outcome)).not.toContain(200)
    }
    await visit.page.click('text=Show every check')
    expect(await visit.objections()).toEqual([])
    await visit.page.click('.more')
  })

  it('ticks off the first steps', async () => {
    await visit.open('sign-in')
    expect(await visit.page.locator('.first-steps .done').count()).toBe(5)
    expect(await visit.objections()).toEqual([])
  })

  it('works by keyboard alone', async () => {
    const { page, open } = visit
    await open('call')
    await page.focus('.menu summary')
    await page.keyboard.press('Enter')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.waitForSelector('.columns[data-section=token]')
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('The token')
    const outline = await page.evaluate(() => {
      const link = document.querySelector<HTMLElement>('.next a')
      link?.focus()
      return link === null ? '' : getComputedStyle(link).outlineStyle
    })
    expect(outline).toBe('solid')
  })

  it('says when the client’s server cannot be reached', async () => {
    const { page, open } = visit
    await open('call')
    await page.route('**/do/call', async (route) => await route.abort())
    await page.click('button[aria-label="Call GET /me"]')
    await page.waitForSelector('text=could not be reached')
    expect(await isVerdictVisible()).toBe(true)
    expect(await visit.objections()).toEqual([])
    await page.unroute('**/do/call')
    visit.errors.splice(0)
    expect(await call('GET /me')).toMatchObject({ asItShouldBe: true })
  })

  it('says why a sign-in failed', async () => {
    const { page } = visit
    await page.goto(`${playground.urls.client}/callback?code=forged`)
    expect(await page.innerText('h1')).toBe('The sign-in failed')
    expect(await visit.objections()).toEqual([])
    await page.click('text=Back to the playground')
    await page.waitForSelector('text=You are signed in as alice')
    // The browser notes the status, 400.
    visit.errors.splice(0)
  })

  it('lets an injected script act, but take nothing away', async () => {
    const { page } = visit
    const done = await page.evaluate(
      async ({ elsewhere }) => {
        const own = await fetch('/do/call', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ route: 'GET /me' }),
        })
        const away = await fetch(elsewhere, { mode: 'no-cors' }).then(
          () => 'sent',
          () => 'blocked',
        )
        const blocked = new Promise((resolve) => {
          addEventListener('securitypolicyviolation', ({ effectiveDirective: by }) => {
            if (by === 'img-src') resolve(by)
          })
        })
        Object.assign(new Image(), { src: `${elsewhere}/image` })
        return {
          status: own.status,
          body: await own.text(),
          away,
          blocked: await blocked,
          cookie: document.cookie,
        }
      },
      { elsewhere: playground.urls.otherSite },
    )
    expect(done).toMatchObject({ status: 200, away: 'blocked', blocked: 'img-src', cookie: '' })
    expect(tokensIn(done.body)).toEqual([])
    const inline = await page.evaluate(() => {
      const script = document.createElement('script')
      script.textContent = 'document.title = "injected"'
      document.body.append(script)
      return document.title
    })
    expect(inline).not.toBe('injected')
    const cookies = await visit.context.cookies(playground.urls.client)
    expect(
      cookies.map(({ name, httpOnly, secure, sameSite }) => ({ name, httpOnly, secure, sameSite })),
    ).toEqual([{ name: '__Host-session', httpOnly: true, secure: true, sameSite: 'Strict' }])
    // These were meant to fail.
    visit.errors.splice(0)
  })

  it('has shown no whole token, and no error, and has left this machine for nothing', async () => {
    await visit.settled()
    expect(visit.seen.length).toBeGreaterThan(100)
    expect(visit.seen.filter(({ text }) => tokensIn(text).length > 0).map(({ where }) => where)).toEqual([])
    expect(visit.errors).toEqual([])
    expect([...visit.hosts].filter((host) => !/^(?:localhost|127\.0\.0\.1):\d+$/.test(host))).toEqual([])
    expect(visit.page.viewportSize()).toEqual(narrow)
  })
})
