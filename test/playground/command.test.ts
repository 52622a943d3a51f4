import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

it('npm run playground prints one address, says when a port is taken, and leaves nothing behind', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'playground-test-'))
  const port = await freePort()
  const run = (): ChildProcessWithoutNullStreams =>
    spawn(process.execPath, ['--import', 'tsx', 'examples/playground/index.ts', '--port', String(port)], {
      cwd: root,
      env: { ...process.env, TMPDIR: folder },
    })
  const first = run()
  const ended = once(first, 'exit')
  try {
    const [line] = (await once(first.stdout, 'data')) as [Buffer]
    expect(line.toString()).toBe(`Open http://localhost:${port} in your browser. Press Ctrl+C to stop.\n`)
    const welcome = await fetch(`http://localhost:${port}`)
    expect(await welcome.text()).toContain('your browser will warn you')

    const second = run()
    const problem = await text(second.stderr)
    expect(problem).toMatch(
      /^The playground cannot start: listen EADDRINUSE.*: pass another one with --port\n$/,
    )
    expect(second.exitCode ?? (await once(second, 'exit'))[0]).toBe(1)
  } finally {
    first.kill('SIGINT')
  }
  expect(await ended).toEqual([0, null])
  expect((await readdir(folder)).filter((name) => name.startsWith('playground-'))).toEqual([])
  await rm(folder, { recursive: true })
})

/** With some free ones after it, in all likelihood. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port > 60_000 ? port - 20_000 : port
}
