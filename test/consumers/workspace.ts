import { cp, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from './process.ts'

const repository = fileURLToPath(new URL('../..', import.meta.url))
const here = fileURLToPath(new URL('.', import.meta.url))

const quiet = ['--no-audit', '--no-fund', '--no-save', '--loglevel=error']

/** A folder outside the repository where the packed library is installed like any other package. */
export interface Workspace {
  readonly folder: string
  /** Folder of one consumer project; all of them share the dependencies installed above it. */
  readonly project: (name: string) => string
  /** Folder of an installed package. */
  readonly installed: (name: string) => string
  readonly remove: () => Promise<void>
}

/** Builds where that is needed, packs, and installs the tarball with the pinned dependencies. */
export async function createWorkspace(): Promise<Workspace> {
  if (await isBuildOld()) await run('npm', ['run', 'build'], { cwd: repository, timeoutMs: 600_000 })
  const folder = await mkdtemp(join(tmpdir(), 'consumers-'))
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true })
  try {
    const tarball = await pack(folder)
    for (const name of ['package.json', 'package-lock.json', 'projects']) {
      await cp(join(here, name), join(folder, name), { recursive: true })
    }
    await cp(join(repository, 'examples', 'testing'), join(folder, 'projects', 'testing'), {
      recursive: true,
    })
    await run('npm', ['install', ...quiet, `./${tarball}`], { cwd: folder })
  } catch (error) {
    await remove()
    throw error
  }
  return {
    folder,
    project: (name) => join(folder, 'projects', name),
    installed: (name) => join(folder, 'node_modules', name),
    remove,
  }
}

async function pack(destination: string): Promise<string> {
  const args = ['pack', '--json', '--loglevel=error', '--pack-destination', destination]
  const output = await run('npm', args, { cwd: repository })
  const [packed] = JSON.parse(output) as [{ filename: string }]
  return packed.filename
}

async function isBuildOld(): Promise<boolean> {
  const built = await stat(join(repository, 'dist', 'testing.d.cts')).catch(() => undefined)
  if (built === undefined) return true
  const sources = await readdir(join(repository, 'src'), { recursive: true })
  const causes = [...sources.map((name) => join('src', name)), 'tsup.config.ts']
  const times = await Promise.all(causes.map(async (name) => (await stat(join(repository, name))).mtimeMs))
  return Math.max(...times) > built.mtimeMs
}
