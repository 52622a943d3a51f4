import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { NoBinaryError } from './node-versions.ts'
import { run } from './process.ts'

/** A runtime besides Node: the package of its binary, where that lies in it, and how a script is started. */
interface Runtime {
  readonly package: string
  readonly program: string
  readonly args: readonly string[]
}

/** Runtimes that can be had as packages; each is tried where its binary runs. */
export const runtimes: Readonly<Record<string, Runtime>> = {
  Bun: { package: '@oven/bun-linux-x64-baseline@1.4.5', program: 'bin/bun', args: [] },
  Deno: { package: '@deno/linux-x64-glibc@2.9.6', program: 'deno', args: ['run', '--allow-all'] },
}

/** Runs a script on a runtime, installed below `folder`. @throws {NoBinaryError} where there is no binary of it */
export async function runOn(name: string, script: string, folder: string, cwd: string): Promise<void> {
  const runtime = runtimes[name] as Runtime
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new NoBinaryError(`no package of ${name} is named for ${process.platform} on ${process.arch}`)
  }
  const home = join(folder, `runtime-${name}`)
  await mkdir(home)
  await writeFile(join(home, 'package.json'), '{ "private": true }')
  const install = ['install', '--no-audit', '--no-fund', '--no-save', '--loglevel=error', runtime.package]
  await run('npm', install, { cwd: home }).catch((cause: unknown) => {
    throw new NoBinaryError(`${name} cannot be installed: ${String(cause)}`, { cause })
  })
  const folderOfPackage = runtime.package.slice(0, runtime.package.lastIndexOf('@'))
  const program = join(home, 'node_modules', folderOfPackage, runtime.program)
  await run(program, [...runtime.args, script], { cwd })
}
