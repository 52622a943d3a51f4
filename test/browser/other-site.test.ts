import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launch, type Launched } from '../../examples/playground/launch.ts'
import { attacks } from '../../examples/playground/other-site/attacks.ts'
import { describeBrowser, startBrowser } from '../support/browser.ts'

const openWindow = 'window'
const others = attacks.filter(({ name }) => name !== openWindow)

describeBrowser('the other site, in a real browser', () => {
  let playground: Launched
  let browser: Browser
  let context: BrowserContext
  let page: Page

  beforeAll(async () => {
    ;[playground, browser] = await Promise.all([launch({ port: 0 }), startBrowser()])
    context = await browser.newContext({ ignoreHTTPSErrors: true })
    page = await context.newPage()
    const { client, otherSite } = playground.urls
    await page.goto(`${client}/login?user=bob`)
    await page.click('button[type=submit]')
    await page.waitForURL(`${client}/`)
    await page.goto(otherSite)
    await page.click('#all')
  })
  afterAll(async () => {
    await browser.close()
    await playground.close()
  })

  describe('is refused everything but a link', () => {
    it.each(others)('$name', async ({ name }) => {
      const result = page.locator(`[data-result="${name}"]`)
      await result.filter({ hasText: 'Refused.' }).waitFor({ timeout: 10_000 })
      expect(await result.textContent()).toContain(
        'no cookie: with SameSite=Strict the browser does not send it',
      )
    })

    it('a window opens, which the other site cannot read', async () => {
      const opened = context.waitForEvent('page')
      await page.click(`button[data-attack="${openWindow}"]`)
      await (await opened).close()
      const result = page.locator(`[data-result="${openWindow}"]`)
      await result.filter({ hasText: 'Let through.' }).waitFor({ timeout: 10_000 })
    })

    it('and bob is still signed in', async () => {
      await page.goto(playground.urls.client)
      const state = await page.evaluate(async () => (await fetch('/state')).json() as Promise<object>)
      expect(state).toMatchObject({ user: { name: 'bob' } })
    })
  })
})
