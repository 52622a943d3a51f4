import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { freePort } from '../support/free-port.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

it('npm run playground prints one address, says when a port is taken, and leaves nothing behind', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'playground-test-'))
  const port = await freePort(10)
  const run = (): ChildProcessWithoutNullStreams =>
    spawn(process.execPath, ['--import', 'tsx', 'examples/playground/index.ts', '--port', String(port)], {
      cwd: root,
      env: { ...process.env, TMPDIR: folder },
    })
  const first = run()
  const ended = once(first, 'exit')
  try {
    const [line] = (await Promise.race([once(first.stdout, 'data'), once(first.stderr, 'data')])) as [Buffer]
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
