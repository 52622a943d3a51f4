import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { browse } from '../../examples/demo/browser.ts'
import { running } from '../../examples/demo/running.ts'

const alice = { login: 'alice', password: 'any' }

/** Opens a URL as a browser does in which alice signs in, and the page of the judge that she is sent back to. */
export async function visit(url: string, redirectUri: string): Promise<void> {
  const page = await browse(new URL(url), alice, redirectUri)
  // Some judges open the browser before they listen, and are ready by the time that a person has signed in.
  for (let tries = 100; ; tries -= 1) {
    try {
      const response = await fetch(page)
      await response.body?.cancel()
      return
    } catch (error) {
      if (tries === 0) throw error
      await setTimeout(100)
    }
  }
}

/** A program that opens URLs, for judges that start one. */
export interface Opener {
  /** For the environment of the judge. */
  readonly env: Readonly<Record<string, string>>
  /** How many URLs were opened. */
  readonly opened: () => number
  close(): Promise<void>
}

/** Makes `xdg-open`, which hands the URL to this process. @param folder where it is written */
export async function startOpener(folder: string, redirectUri: string): Promise<Opener> {
  let opened = 0
  const server = createServer((req, res) => {
    opened += 1
    const url = new URL(req.url ?? '', 'http://localhost').searchParams.get('url') ?? ''
    visit(url, redirectUri).then(
      () => res.end(),
      (error: unknown) => res.writeHead(500).end(String(error)),
    )
  })
  const desk = await running('opener', server.listen(0, '127.0.0.1'))
  const bin = join(folder, 'bin')
  const program = join(bin, 'xdg-open')
  await mkdir(bin, { recursive: true })
  const script = `fetch('${desk.url}/?' + new URLSearchParams({ url: process.argv.at(-1) }))`
  await writeFile(program, `#!/bin/sh\nexec '${process.execPath}' -e "${script}" -- "$1"\n`)
  await chmod(program, 0o755)
  return {
    // The script of that name that a judge may bring along starts what BROWSER names.
    env: { PATH: `${bin}:${process.env['PATH'] ?? ''}`, BROWSER: program },
    opened: () => opened,
    close: () => desk.close(),
  }
}
