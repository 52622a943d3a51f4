/** A visitor of the playground: a browser that notes everything that it gets to see. */
import { createRequire } from 'node:module'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Browser, BrowserContext, Page, Response } from 'playwright-core'
import type { Outcome, State } from '../../examples/playground/protocol.ts'

/** What `axe-core` found, as far as it is shown. */
interface AxeResults {
  readonly violations: readonly {
    readonly id: string
    readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[]
  }[]
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** The pictures that the documentation shows. `PLAYGROUND_PICTURES=docs/pictures` takes these alone. */
const kept = [
  'signed-in-wide-light.webp',
  'token-wide-dark.webp',
  'forbidden-wide-light.webp',
  'forbidden-narrow-dark.webp',
  'keys-wide-light.webp',
  'diagram-wide-light.webp',
]
const documentation = resolve('docs/pictures')
const named = process.env['PLAYGROUND_PICTURES']
const directory = named === undefined || named === '' ? undefined : resolve(named)
if (directory !== undefined) mkdirSync(directory, { recursive: true })

export const narrow = { width: 360, height: 640 }
export const wide = { width: 1280, height: 860 }

export interface Visit {
  readonly context: BrowserContext
  readonly page: Page
  /** Everything that got to the page: bodies, URLs, console, DOM, storage. With a name of where it was. */
  readonly seen: { readonly where: string; readonly text: string }[]
  /** Errors of the page, and console messages of that kind. */
  readonly errors: string[]
  /** Hosts of all requests. */
  readonly hosts: Set<string>
  /** Clicks, and resolves to what the action's response was once the page shows it. */
  readonly act: (selector: string) => Promise<Outcome>
  /** Goes to a section. */
  readonly open: (section: string) => Promise<void>
  /** Reads the state as the page does. */
  readonly state: () => Promise<State>
  /** Chooses a radio button. */
  readonly pick: (label: string) => Promise<void>
  /** Takes the page, wide and narrow, light and dark, into the directory that `PLAYGROUND_PICTURES` names. */
  readonly pictures: (name: string) => Promise<void>
  /** What axe-core objects to, in both colour schemes and two widths. Notes the DOM and the storage too. @default the page */
  readonly objections: (of?: Page) => Promise<string[]>
  /** Waits until every body has been read. */
  readonly settled: () => Promise<void>
}

export async function startVisit(browser: Browser): Promise<Visit> {
  const context = await browser.newContext({
    ignoreHTTPSErrors: true,
    viewport: narrow,
    reducedMotion: 'reduce',
  })
  await context.addInitScript({ content: axe })
  const page = await context.newPage()
  page.setDefaultTimeout(10_000)
  const seen: { where: string; text: string }[] = []
  const errors: string[] = []
  const hosts = new Set<string>()
  let bodies: Promise<void>[] = []

  const read = async (response: Response): Promise<void> => {
    // Redirects have no body, and a body may be gone with its page.
    const body = await response.text().catch(() => '')
    seen.push({ where: `body of ${response.url()}`, text: body })
  }
  context.on('request', (request) => {
    hosts.add(new URL(request.url()).host)
    seen.push({ where: 'URL', text: request.url() })
  })
  context.on('response', (response) => {
    bodies.push(read(response))
    seen.push({ where: `headers of ${response.url()}`, text: JSON.stringify(response.headers()) })
  })
  page.on('console', (message) => {
    seen.push({ where: 'console', text: message.text() })
    if (message.type() === 'error') errors.push(message.text())
  })
  page.on('pageerror', (error) => void errors.push(error.message))

  const noteDom = async (of: Page): Promise<void> => {
    const text = await of.evaluate(() =>
      [
        document.documentElement.outerHTML,
        JSON.stringify(localStorage),
        JSON.stringify(sessionStorage),
        document.cookie,
      ].join('\n'),
    )
    seen.push({ where: 'DOM and storage', text })
  }

  const check = async (of: Page, rules?: readonly string[]): Promise<string[]> => {
    const { violations } = await of.evaluate(
      async (only) => {
        const { axe: runner } = globalThis as unknown as {
          axe: { run: (options: object) => Promise<AxeResults> }
        }
        return await runner.run({ resultTypes: ['violations'], ...(only && { runOnly: only }) })
      },
      rules as string[] | undefined,
    )
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary = '' }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`),
    )
  }

  return {
    context,
    page,
    seen,
    errors,
    hosts,
    async act(selector) {
      const [response] = await Promise.all([
        page.waitForResponse((each) => each.url().includes('/do/')),
        page.click(selector),
      ])
      const outcome = (await response.json()) as Outcome
      await page.waitForSelector('.result[aria-busy=false]')
      return outcome
    },
    async open(section) {
      await page.evaluate((name) => void (location.hash = `/${name}`), section)
      await page.waitForSelector(`.columns[data-section=${section}]`)
    },
    pick: async (label) => await page.getByLabel(label, { exact: true }).check(),
    async pictures(name) {
      if (directory === undefined) return
      const session = await context.newCDPSession(page)
      for (const [width, viewport] of Object.entries({ wide, narrow })) {
        for (const colorScheme of ['light', 'dark'] as const) {
          const file = `${name}-${width}-${colorScheme}.webp`
          if (directory === documentation && !kept.includes(file)) continue
          await page.setViewportSize(viewport)
          await page.emulateMedia({ colorScheme })
          await page.evaluate(() => scrollTo(0, 0))
          const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: 70 })
          writeFileSync(join(directory, file), Buffer.from(data, 'base64'))
        }
      }
      await session.detach()
      await page.setViewportSize(narrow)
    },
    state: async () => await page.evaluate(async () => (await (await fetch('/state')).json()) as State),
    async objections(of = page) {
      await noteDom(of)
      const found: string[] = []
      // Only the contrast depends on the colours.
      for (const viewport of [wide, narrow]) {
        await of.setViewportSize(viewport)
        await of.emulateMedia({ colorScheme: 'light' })
        const light = await check(of)
        await of.emulateMedia({ colorScheme: 'dark' })
        const dark = await check(of, ['color-contrast'])
        const at = (what: string): string => `${viewport.width} px: ${what}`
        found.push(...light.map(at), ...dark.map((each) => at(`dark: ${each}`)))
      }
      return found
    },
    async settled() {
      const waiting = bodies
      bodies = []
      await Promise.all(waiting)
    },
  }
}

/** Whole tokens in a text: three parts in a row, of which the first decodes to an object with `alg`. */
export function tokensIn(text: string): string[] {
  const runs = text.match(/[\w-]+(?:\.[\w-]*){2,}/g) ?? []
  return runs.flatMap((run) => {
    const parts = run.split('.')
    return parts
      .slice(0, -2)
      .filter(isHeader)
      .map((part) => `${part}…`)
  })
}

function isHeader(part: string): boolean {
  try {
    const decoded: unknown = JSON.parse(Buffer.from(part, 'base64url').toString())
    return typeof decoded === 'object' && decoded !== null && 'alg' in decoded
  } catch {
    return false
  }
}
