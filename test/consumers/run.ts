// Uses the packed library as its consumers do: `npm run consumers`, or `npm run consumers -- TypeScript` for those
// whose names hold a text.
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { coexistence } from './coexistence.ts'
import { contentChecks } from './contents.ts'
import { installNodeVersions, NoBinaryError, nodeVersions } from './node-versions.ts'
import { run } from './process.ts'
import { runtimes, useOn } from './runtimes.ts'
import { compileAndRun, type Compiler, compilers, typeScriptSetups } from './typescript.ts'
import { createWorkspace, type Workspace } from './workspace.ts'

interface Tools extends Workspace {
  /** The program of one version of Node. @throws {NoBinaryError} */
  readonly node: (version: string) => Promise<string>
}

interface Consumer {
  readonly name: string
  /** Rejects when the library does not serve this consumer. */
  readonly use: (tools: Tools) => Promise<unknown>
}

const contents: readonly Consumer[] = Object.entries(contentChecks).map(([name, check]) => ({
  name: `Package: ${name}`,
  use: ({ installed }) => check(installed('oauth-resource-server')),
}))

const oneCore: Consumer = {
  name: 'One core per format, and the formats understand each other',
  use: ({ project }) => run(process.execPath, ['one-core.mjs'], { cwd: project('plain') }),
}

const jest: Consumer = {
  name: 'Jest 30, default configuration',
  use: ({ project, installed }) =>
    run(process.execPath, [join(installed('jest'), 'bin', 'jest.js'), '--ci'], { cwd: project('jest') }),
}

const testExamples: readonly Consumer[] = [
  {
    name: 'examples/testing/jest, default configuration of Jest 30',
    use: ({ project, installed }) =>
      run(process.execPath, [join(installed('jest'), 'bin', 'jest.js'), '--ci'], {
        cwd: project(join('testing', 'jest')),
      }),
  },
  {
    name: 'examples/testing/node, node --test',
    use: ({ project }) =>
      run(process.execPath, ['--conditions=test', '--test'], { cwd: project(join('testing', 'node')) }),
  },
]

const worker: Consumer = {
  name: 'Worker, bundled without Node',
  use: ({ project }) => run(process.execPath, ['run.mjs'], { cwd: project('worker') }),
}

const treeShaking: Consumer = {
  name: 'Bundler, one guard leaves the rest behind',
  use: ({ project }) => run(process.execPath, ['run.mjs'], { cwd: project('tree-shaking') }),
}

/** `npm run types` does it with TypeScript 5.9. */
const ownTypes: Consumer = {
  name: 'TypeScript 7: the types of the sources, and their tests',
  use: ({ installed }) =>
    run(process.execPath, [join(installed(compilers['7']), 'bin', 'tsc'), '--noEmit'], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
    }),
}

const versions = Object.keys(compilers) as Compiler[]
const typeScript: readonly Consumer[] = versions.flatMap((version) => [
  ...typeScriptSetups
    .filter((setup) => setup.compilers?.includes(version) ?? true)
    .map((setup) => ({
      name: `TypeScript ${version}: ${setup.name}`,
      use: (tools: Tools) => compileAndRun(setup, version, tools),
    })),
  ...Object.entries(coexistence).map(([name, check]) => ({
    name: `TypeScript ${version}, side by side: ${name}`,
    use: (tools: Tools) => check(version, tools),
  })),
])

const everyNode: readonly Consumer[] = nodeVersions.flatMap((version) =>
  Object.entries({ ESM: 'esm.mjs', CommonJS: 'commonjs.cjs' }).map(([format, script]) => ({
    name: `Node ${version}: ${format}`,
    use: async ({ node, project }) => run(await node(version), [script], { cwd: project('plain') }),
  })),
)

const otherRuntimes: readonly Consumer[] = Object.keys(runtimes).map((name) => ({
  name: `${name}: fetch, through every state of the keys`,
  use: ({ folder, project }) => useOn(name, folder, project('runtimes')),
}))

const wanted = process.argv[2] ?? ''
const everyone = [
  ...contents,
  oneCore,
  jest,
  ...testExamples,
  worker,
  treeShaking,
  ownTypes,
  ...typeScript,
  ...everyNode,
  ...otherRuntimes,
]
const consumers = everyone.filter(({ name }) => name.includes(wanted))
const counts = { passed: 0, failed: 0 }

const workspace = await createWorkspace()
try {
  let installing: ReturnType<typeof installNodeVersions> | undefined
  const node = async (version: string): Promise<string> => {
    installing ??= installNodeVersions(workspace.folder)
    return (await installing)(version)
  }
  const queue = consumers.values()
  const workers = Array.from({ length: Math.min(4, availableParallelism()) }, async () => {
    for (const consumer of queue) await tell(consumer, { ...workspace, node })
  })
  await Promise.all(workers)
} finally {
  await workspace.remove()
}
console.log(`${counts.passed} passed, ${counts.failed} failed`)
process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1

async function tell({ name, use }: Consumer, tools: Tools): Promise<void> {
  const start = performance.now()
  try {
    await use(tools)
    counts.passed += 1
    console.log(`✓ ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)`)
  } catch (error) {
    // A contributor's unusual machine is no reason to fail; where results count, nothing may be left out.
    if (error instanceof NoBinaryError && process.env['CI'] === undefined) {
      console.log(`- ${name}: not run, ${error.message}`)
      return
    }
    counts.failed += 1
    console.log(`✗ ${name}\n${(error as Error).message}`)
  }
}
