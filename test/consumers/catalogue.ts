// Runs the attack catalogue on every supported line of Node, and compares the verdicts: `npm run catalogue`. With the
// JSON report of a run of all tests as its argument, the line of Node that this runs on is taken from there.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installNodeVersions, nodeVersions } from './node-versions.ts'
import { run } from './process.ts'

const repository = fileURLToPath(new URL('../..', import.meta.url))

interface Report {
  readonly testResults: readonly {
    /** Path of the file. */
    readonly name: string
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[]
  }[]
}

const folder = await mkdtemp(join(tmpdir(), 'catalogue-'))
const verdicts = new Map<string, Map<string, string>>()
const known = process.argv[2]
const own = process.versions.node
const toRun = nodeVersions.filter((version) => known === undefined || lineOf(version) !== lineOf(own))
try {
  if (known !== undefined) verdicts.set(own, verdictsIn(await readFile(known, 'utf8')))
  const node = await installNodeVersions(folder, toRun)
  for (const version of toRun) verdicts.set(version, await verdictsOf(node(version), version))
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
console.log(`the same on Node ${[...verdicts.keys()].join(', ')}: ${passed} of ${names.size}`)
console.log(`${passed} passed, ${failures.length} failed`)
process.exitCode = failures.length === 0 && passed > 0 ? 0 : 1

async function verdictsOf(program: string, version: string): Promise<Map<string, string>> {
  const report = join(folder, `${version}.json`)
  const vitest = [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--config',
    'test/vitest.config.ts',
    '--mode',
    'thorough',
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
  return verdictsIn(text)
}

/** The verdicts of the catalogue, whatever else was run. */
function verdictsIn(report: string): Map<string, string> {
  const { testResults } = JSON.parse(report) as Report
  return new Map(
    testResults
      .filter(({ name }) => name.includes('/test/attacks/'))
      .flatMap(({ assertionResults }) =>
        assertionResults.map(({ fullName, status }) => [fullName, status] as const),
      ),
  )
}

function lineOf(version: string): string | undefined {
  return version.split('.')[0]
}
