// Runs the attack catalogue on every supported line of Node, and compares the verdicts: `npm run catalogue`.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installNodeVersions, nodeVersions } from './node-versions.ts'
import { run } from './process.ts'

const repository = fileURLToPath(new URL('../..', import.meta.url))

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[]
  }[]
}

const folder = await mkdtemp(join(tmpdir(), 'catalogue-'))
const verdicts = new Map<string, Map<string, string>>()
try {
  const node = await installNodeVersions(folder)
  for (const version of nodeVersions) verdicts.set(version, await verdictsOf(node(version), version))
} finally {
  await rm(folder, { recursive: true, force: true })
}

const names = new Set([...verdicts.values()].flatMap((byName) => [...byName.keys()]))
let passed = 0
const failures: string[] = []
for (const name of names) {
  const told = [...verdicts].map(([version, byName]) => `${version} ${byName.get(name) ?? 'missing'}`)
  if (told.every((verdict) => verdict.endsWith(' passed'))) passed += 1
  else failures.push(`✗ ${name}: ${told.join(', ')}`)
}
for (const failure of failures) console.log(failure)
console.log(`the same on Node ${nodeVersions.join(', ')}: ${passed} of ${names.size}`)
console.log(`${passed} passed, ${failures.length} failed`)
process.exitCode = failures.length === 0 && passed > 0 ? 0 : 1

async function verdictsOf(program: string, version: string): Promise<Map<string, string>> {
  const report = join(folder, `${version}.json`)
  const vitest = [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--config',
    'test/vitest.config.ts',
    'test/attacks',
  ]
  // A case that fails is told from the report; what has no report is a failure of the run itself.
  const failed = await run(program, [...vitest, '--reporter=json', `--outputFile=${report}`], {
    cwd: repository,
    timeoutMs: 600_000,
  }).then(
    () => undefined,
    (error: unknown) => error,
  )
  const text = await readFile(report, 'utf8').catch(() => {
    throw failed
  })
  const { testResults } = JSON.parse(text) as Report
  return new Map(
    testResults.flatMap(({ assertionResults }) =>
      assertionResults.map(({ fullName, status }) => [fullName, status] as const),
    ),
  )
}
