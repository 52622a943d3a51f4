import { fork } from 'node:child_process'
import { parseArgs } from 'node:util'
import { buildBaseline } from './baseline.ts'
import { goalLines, goals } from './goals.ts'
import { keep } from './keep.ts'
import { machine } from './machine.ts'
import { type InProcess, parts, type RunOptions } from './parts.ts'
import { report } from './report.ts'
import type { Results, Run } from './results.ts'

const names = Object.keys(parts) as (keyof Results)[]
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    /** About a minute for all parts; nothing is written. */
    quick: { type: 'boolean', default: false },
    /** Counts processor time in place of time, for a machine that is not quiet. */
    processor: { type: 'boolean', default: false },
  },
})
const unknown = positionals.find((name) => !Object.hasOwn(parts, name))
if (unknown !== undefined) throw new TypeError(`${unknown}: no such part; there are ${names.join(', ')}`)

const chosen = positionals.length === 0 ? names : names.filter((name) => positionals.includes(name))
const clock = values.processor ? 'processor' : 'wall'
const here = machine(clock)
if (here.load > 0.5 && clock === 'wall')
  console.error(`The load of this machine is ${here.load}: wait until it is quiet, or pass --processor.`)
const baseline = buildBaseline()
try {
  const options: RunOptions = { quick: values.quick, clock, baseline: baseline.folder }
  const results: Record<string, unknown> = {}
  for (const name of chosen) results[name] = await parts[name](inProcessWith(options), options)
  const run: Run = { machine: here, results }
  console.log(`${report([run])}\n`)
  const found = goals(run)
  if (found.length > 0) console.log(goalLines(found))
  if (!values.quick) await keep(run)
} finally {
  baseline.remove()
}

function inProcessWith(options: RunOptions): InProcess {
  return (task, ...flags) => {
    console.error(`${task.part} ${task.variant ?? ''}`)
    const child = fork(new URL('./task.ts', import.meta.url), { execArgv: [...process.execArgv, ...flags] })
    return new Promise((resolve, reject) => {
      child.once('message', resolve)
      child.once('exit', (code) => reject(new Error(`${task.part} ended early (${String(code)})`)))
      child.send({ task, options })
    })
  }
}
