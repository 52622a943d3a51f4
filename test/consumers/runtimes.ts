import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { NoBinaryError } from './node-versions.ts'
import { run } from './process.ts'

/** A runtime besides Node: the package of its binary, and where that lies in it. */
interface Runtime {
  readonly package: string
  readonly program: string
  /** What stands before a script; undefined where the runtime serves requests and runs no scripts. */
  readonly scriptArgs?: readonly string[]
}

/** Runtimes that can be had as packages; each is tried where its binary runs. */
export const runtimes: Readonly<Record<string, Runtime>> = {
  Bun: { package: '@oven/bun-linux-x64-baseline@1.4.5', program: 'bin/bun', scriptArgs: [] },
  Deno: {
    package: '@deno/linux-x64-glibc@2.9.6',
    program: 'deno',
    scriptArgs: ['run', '--allow-all'],
  },
  // What Cloudflare Workers run on.
  workerd: { package: '@cloudflare/workerd-linux-64@1.20261117.1', program: 'bin/workerd' },
}

/** Installs a runtime below `folder`. @returns its program @throws {NoBinaryError} where there is no binary of it */
export async function installRuntime(name: string, folder: string): Promise<string> {
  const { package: wanted, program } = runtimes[name] as Runtime
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new NoBinaryError(`no package of ${name} is named for ${process.platform} on ${process.arch}`)
  }
  const home = join(folder, `runtime-${name}`)
  await mkdir(home)
  await writeFile(join(home, 'package.json'), '{ "private": true }')
  const install = ['install', '--no-audit', '--no-fund', '--no-save', '--loglevel=error', wanted]
  await run('npm', install, { cwd: home }).catch((cause: unknown) => {
    throw new NoBinaryError(`${name} cannot be installed: ${String(cause)}`, { cause })
  })
  return join(home, 'node_modules', wanted.slice(0, wanted.lastIndexOf('@')), program)
}

/** Tries the fetch adapter on a runtime: every algorithm, then every state of the keys. */
export async function useOn(name: string, folder: string, cwd: string): Promise<void> {
  const { scriptArgs } = runtimes[name] as Runtime
  const program = await installRuntime(name, folder)
  if (scriptArgs !== undefined) await run(program, [...scriptArgs, 'verify.mjs'], { cwd })
  await run(process.execPath, ['keys.mjs', name, program], { cwd })
}
