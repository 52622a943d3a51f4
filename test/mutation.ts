// Mutation testing: `npm run mutation -- src/lib/json.ts ...`, or every file of the configuration without arguments.
// Mutants meet the tests of their own file first, what survives those of its folder, and what survives these whatever
// else is about it. `--rounds mirror,folder` leaves the last ones out. What was found is added to
// coverage/mutation-results.json. `--concurrency 1` tries one mutant at a time, for a machine that does other work.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { setPriority } from 'node:os'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = fileURLToPath(new URL('..', import.meta.url))
const results = 'coverage/mutation-results.json'

/** As the JSON report of Stryker has it. */
interface Mutant {
  readonly mutatorName: string
  readonly replacement?: string
  readonly status: string
  readonly location: {
    readonly start: { readonly line: number; readonly column: number }
    readonly end: { readonly line: number; readonly column: number }
  }
}
type Mutants = Readonly<Record<string, readonly Mutant[]>>

function run(files: readonly string[], ranges: readonly string[], round: string): Mutants {
  const args = ['run', 'test/stryker.config.json', '--mutate', ranges.join(',')]
  if (options.concurrency !== undefined) args.push('--concurrency', options.concurrency)
  const env = { ...process.env, MUTATED: files.join(','), MUTATION_ROUND: round }
  const { status } = spawnSync('node_modules/.bin/stryker', args, { cwd: root, stdio: 'inherit', env })
  if (status !== 0) throw new Error(`stryker ended with ${status}`)
  const report = JSON.parse(readFileSync('coverage/mutation.json', 'utf8')) as {
    files: Record<string, { mutants: readonly Mutant[] }>
  }
  return Object.fromEntries(Object.entries(report.files).map(([file, { mutants }]) => [file, mutants]))
}

const isAlive = ({ status }: Mutant): boolean => status === 'Survived' || status === 'NoCoverage'
const isCounted = (mutant: Mutant): boolean => isAlive(mutant) || /^(?:Killed|Timeout)$/.test(mutant.status)
const keyOf = ({ mutatorName, replacement, location }: Mutant): string =>
  JSON.stringify([mutatorName, replacement, location])
/** The range of a mutant as `--mutate` takes it: columns count from 0 there. */
const rangeOf = (file: string, { location: { start, end } }: Mutant): string =>
  `${file}:${start.line}:${start.column - 1}-${end.line}:${end.column - 1}`

/** All rounds for the files of one folder. */
function mutate(files: readonly string[], rounds: readonly string[]): Mutants {
  const [first = 'mirror', ...later] = rounds
  return later.reduce((found, round) => again(found, round), run(files, files, first))
}

/** Tries the mutants that survived once more. */
function again(found: Mutants, round: string): Mutants {
  const left = Object.entries(found).flatMap(([file, mutants]) =>
    mutants.filter(isAlive).map((mutant) => [file, mutant] as const),
  )
  if (left.length === 0) return found
  const files = [...new Set(left.map(([file]) => file))]
  const ranges = [...new Set(left.map(([file, mutant]) => rangeOf(file, mutant)))]
  const next = run(files, ranges, round)
  return Object.fromEntries(
    Object.entries(found).map(([file, mutants]) => {
      const later = new Map((next[file] ?? []).map((mutant) => [keyOf(mutant), mutant]))
      return [
        file,
        mutants.map((mutant) => (isAlive(mutant) ? (later.get(keyOf(mutant)) ?? mutant) : mutant)),
      ]
    }),
  )
}

/** One line of the table of docs, and the survivors. */
function summaryOf(mutants: readonly Mutant[]): object {
  const counted = mutants.filter(isCounted)
  const alive = counted.filter(isAlive)
  const killed = counted.length - alive.length
  return {
    mutants: counted.length,
    killed,
    percent: Math.round((1000 * killed) / counted.length) / 10,
    survivors: alive.map(({ location: { start }, mutatorName, replacement }) =>
      `${start.line}:${start.column} ${mutatorName}: ${replacement ?? ''}`.slice(0, 160),
    ),
  }
}

process.chdir(root)
setPriority(10)
mkdirSync('coverage', { recursive: true })
const { values: options, positionals: given } = parseArgs({
  options: { rounds: { type: 'string', default: 'mirror,folder,all' }, concurrency: { type: 'string' } },
  allowPositionals: true,
})
const never = /types\.ts$|^src\/(?:index|resource-server|assembly)\.ts$|^src\/(?:adapters|testing)\//
const files =
  given.length > 0
    ? given
    : readdirSync('src', { recursive: true, encoding: 'utf8' })
        .map((file) => `src/${file}`)
        .filter((file) => file.endsWith('.ts') && !never.test(file))
for (const folder of new Set(files.map((file) => dirname(file)))) {
  const group = files.filter((file) => dirname(file) === folder)
  const found = mutate(group, options.rounds.split(','))
  const known = existsSync(results) ? (JSON.parse(readFileSync(results, 'utf8')) as object) : {}
  const added = Object.fromEntries(
    Object.entries(found).map(([file, mutants]) => [file, summaryOf(mutants)] as const),
  )
  writeFileSync(results, `${JSON.stringify({ ...known, ...added }, null, 2)}\n`)
  console.log(JSON.stringify(added, null, 2))
}
