import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'
import { describe } from 'vitest'

/** Where distributions put Chromium; `CHROMIUM` names another place. */
const places = [
  process.env['CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
]

const executablePath = places.find((path) => path !== undefined && existsSync(path))

/** Why the tests with a browser do not run; `undefined` where there is one. */
export const missingBrowser: string | undefined =
  executablePath === undefined ? 'skipped: no chromium on this machine' : undefined

/** Tests that need a real browser; without one they say that they were skipped, and why. */
export const describeBrowser = (name: string, tests: () => void): void => {
  describe.skipIf(missingBrowser !== undefined)(
    missingBrowser === undefined ? name : `${name} (${missingBrowser})`,
    tests,
  )
}

/**
 * Starts Chromium without a window.
 *
 * @param names how names are resolved. @default every name is this machine, so that no request leaves it
 */
export async function startBrowser(names = 'MAP * 127.0.0.1'): Promise<Browser> {
  return await chromium.launch({
    executablePath: executablePath as string,
    args: ['--no-sandbox', `--host-resolver-rules=${names}`, '--ignore-certificate-errors'],
  })
}
