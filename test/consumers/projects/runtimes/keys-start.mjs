import { spawn } from 'node:child_process'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Starts `keys-app.mjs` on a runtime, on a port of its own choice.
 *
 * @returns its origin, whether the runtime ends all work of a request together with it, and how to stop it
 */
export async function startApp(runtime, program) {
  const starters = { Bun: startBun, Deno: startDeno, workerd: startWorkerd }
  const { child, port } = await starters[runtime](program)
  return {
    origin: `http://127.0.0.1:${port}`,
    endsWork: runtime === 'workerd',
    stop: () => void child.kill('SIGKILL'),
  }
}

const startBun = (program) => started(program, ['keys-bun.mjs'], 1, /^port (\d+)$/m)
const startDeno = (program) => started(program, ['run', '--allow-all', 'keys-deno.mjs'], 1, /^port (\d+)$/m)

/** One file for the worker, as its build would make it, and a configuration for workerd. */
async function startWorkerd(program) {
  const { build } = await import('esbuild')
  const { outputFiles } = await build({
    entryPoints: ['keys-workerd.mjs'],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    conditions: ['workerd', 'worker', 'browser'],
    write: false,
  })
  const folder = await mkdtemp(join(tmpdir(), 'workerd-'))
  await writeFile(join(folder, 'worker.mjs'), outputFiles[0].text)
  await writeFile(
    join(folder, 'config.capnp'),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [(name = "worker", esModule = embed "worker.mjs")],
      compatibilityDate = "2026-01-01",
      globalOutbound = "loopback",
    )),
    (name = "loopback", network = (allow = ["private", "local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
`,
  )
  const args = ['serve', join(folder, 'config.capnp'), '--control-fd=3']
  return await started(program, args, 3, /"socket":"http","port":(\d+)/)
}

/** @param fd the descriptor on which the program tells its port */
async function started(program, args, fd, pattern) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit', 'pipe'] })
  child.stdio[fd === 1 ? 3 : 1].resume()
  let text = ''
  const port = await new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code) => reject(new Error(`${program} ended with ${code} before it listened: ${text}`)))
    child.stdio[fd].on('data', (chunk) => {
      text += chunk
      const found = pattern.exec(text)
      if (found !== null) resolve(found[1])
    })
  })
  return { child, port }
}
