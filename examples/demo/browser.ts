/** What the user types and clicks, wherever a form asks. */
export type Answers = Readonly<Record<string, string>>

/** What a browser keeps between two visits. */
export type Cookies = Map<string, string>

/**
 * Plays the user's browser: opens `start`, follows redirects, keeps cookies, and submits each form it meets with
 * `answers`, until it is sent to `destination`, which it does not open.
 *
 * @returns where it was sent, query and all.
 */
export async function browse(
  start: URL,
  answers: Answers,
  destination: string,
  cookies: Cookies = new Map<string, string>(),
): Promise<URL> {
  let target = start
  let form: URLSearchParams | undefined
  for (let step = 0; step < 20; step += 1) {
    const response = await open(target, cookies, form)
    const location = response.headers.get('location')
    if (location === null) {
      const page = await response.text()
      if (!response.ok) throw new Error(`${target.pathname} answered ${response.status}: ${page}`)
      target = new URL(attribute(page, /<form[^>]* action="([^"]+)"/), target)
      form = new URLSearchParams({ ...hidden(page), ...answers })
    } else {
      target = new URL(location, target)
      form = undefined
    }
    if (target.href.startsWith(destination)) return target
  }
  throw new Error(`never arrived at ${destination}, last seen at ${target.pathname}`)
}

async function open(target: URL, cookies: Cookies, body?: URLSearchParams): Promise<Response> {
  const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const response = await fetch(target, {
    redirect: 'manual',
    headers: { cookie },
    ...(body && { method: 'POST', body }),
  })
  for (const line of response.headers.getSetCookie()) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
    if (value === '') cookies.delete(name)
    else cookies.set(name, value)
  }
  return response
}

function attribute(page: string, pattern: RegExp): string {
  const value = pattern.exec(page)?.[1]
  if (value === undefined) throw new Error(`expected a page with ${String(pattern)}, got:\n${page}`)
  return value
}

/** What the page itself adds to its form. */
function hidden(page: string): Record<string, string> {
  const inputs = page.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)
  return Object.fromEntries([...inputs].map(([, name = '', value = '']) => [name, value] as const))
}
