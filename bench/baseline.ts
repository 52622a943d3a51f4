import { execFileSync } from 'node:child_process'
import { mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The release that this code is compared with. */
export const baselineName = '0.1.0'

/** Its last commit. */
const commit = '7deee5c56baef353d1271f56d64a379bcd84825e'

/** What a build needs of a commit. */
const sources = ['package.json', 'tsconfig.json', 'tsup.config.ts', 'src']

/** Folder of this code. */
export const root = fileURLToPath(new URL('..', import.meta.url))

/** A build of the baseline in a folder of its own. */
export interface Baseline {
  readonly folder: string
  readonly remove: () => void
}

/**
 * Builds the baseline from the history of this repository. It gets the dependencies that are installed here, so that
 * only the code of the library differs.
 *
 * @throws {Error} when the history does not have the commit
 */
export function buildBaseline(): Baseline {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), `oauth-resource-server-${baselineName}-`))
  const remove = (): void => rmSync(folder, { recursive: true, force: true })
  try {
    checkOut(folder)
    const modules = realpathSync(join(root, 'node_modules'))
    symlinkSync(modules, join(folder, 'node_modules'), 'junction')
    const tsup = join(modules, 'tsup', 'dist', 'cli-default.js')
    execFileSync(process.execPath, [tsup, '--silent', '--no-dts'], { cwd: folder, stdio: 'inherit' })
  } catch (error) {
    remove()
    throw error
  }
  return { folder, remove }
}

function checkOut(folder: string): void {
  const archive = join(folder, 'source.tar')
  try {
    execFileSync('git', ['archive', '--output', archive, commit, ...sources], { cwd: root, stdio: 'pipe' })
  } catch (cause) {
    throw new Error(
      `Version ${baselineName} cannot be built: git has no commit ${commit} here. The benchmarks need a clone with the whole history (git fetch --unshallow).`,
      { cause },
    )
  }
  execFileSync('tar', ['-xf', archive, '-C', folder])
}
