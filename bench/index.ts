import { fork } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { format, resolveConfig } from 'prettier'
import { machine } from './machine.ts'
import { type RunOptions, type Task, tasks } from './parts.ts'
import { report, type Run } from './report.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    /** A few seconds for each part, to see that it works; nothing is written. */
    quick: { type: 'boolean', default: false },
    /** Counts processor time in place of time, for a machine that is not quiet. */
    processor: { type: 'boolean', default: false },
  },
})
const parts = new Set(tasks.map(({ part }) => part))
const stranger = positionals.find((name) => !parts.has(name as Task['part']))
if (stranger !== undefined)
  throw new TypeError(`${stranger}: no such part; there are ${[...parts].join(', ')}`)

const options: RunOptions = { quick: values.quick, clock: values.processor ? 'processor' : 'wall' }
const here = machine(options.clock)
const found: Record<string, unknown> = {}
for (const task of tasks) {
  if (positionals.length > 0 && !positionals.includes(task.part)) continue
  console.error(`${task.part} ${task.variant ?? ''}`)
  const result = await inProcessOfItsOwn(task)
  // The variants of one part are members of one object.
  found[task.part] =
    task.variant === undefined
      ? result
      : { ...(found[task.part] as object | undefined), ...(result as object) }
}
const run: Run = { machine: here, results: found }
console.log(report([[run]]).document)
if (!values.quick) await keep(run)

function inProcessOfItsOwn(task: Task): Promise<unknown> {
  const child = fork(new URL('./task.ts', import.meta.url), {
    execArgv: [...process.execArgv, ...task.flags],
  })
  return new Promise((resolve, reject) => {
    child.once('message', resolve)
    child.once('exit', (code) => reject(new Error(`${task.part} ended early (${String(code)})`)))
    child.send({ task, options })
  })
}

/**
 * Writes the document from this run and earlier ones: three in a row for each Node version. Parts run alone take the
 * place of those parts in the latest run.
 */
async function keep(run: Run): Promise<void> {
  const store = new URL('./results.json', import.meta.url)
  const docs = new URL('../docs/', import.meta.url)
  const runs = existsSync(store) ? (JSON.parse(readFileSync(store, 'utf8')) as Record<string, Run[]>) : {}
  const major = run.machine.node.split('.', 1)[0] as string
  const [latest, ...earlier] = runs[major] ?? []
  runs[major] =
    positionals.length === 0 || latest === undefined
      ? [run, ...(runs[major] ?? [])].slice(0, 3)
      : [{ machine: run.machine, results: { ...latest.results, ...run.results } }, ...earlier]
  await write(store, JSON.stringify(runs, rounded))
  const { document, charts } = report(Object.values(runs))
  mkdirSync(docs, { recursive: true })
  await write(new URL('performance.md', docs), document)
  for (const [file, content] of charts) writeFileSync(new URL(file, docs), content)
}

async function write(file: URL, content: string): Promise<void> {
  const filepath = fileURLToPath(file)
  writeFileSync(file, await format(content, { ...(await resolveConfig(filepath)), filepath }))
}

function rounded(_name: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(5)) : value
}
