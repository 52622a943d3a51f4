import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { format, resolveConfig } from 'prettier'
import { report } from './report.ts'
import type { Run } from './results.ts'

const folder = new URL('./results/', import.meta.url)
const page = new URL('../docs/evidence/performance.md', import.meta.url)

/** What stands around the figures in the page. */
const marks = ['<!-- figures -->', '<!-- end of figures -->'] as const

/**
 * Writes the run to the file of its Node version, and the figures of all versions to the page. Parts that were not
 * run keep their last figures.
 */
export async function keep({ machine, results }: Run): Promise<void> {
  const major = machine.node.split('.', 1)[0] as string
  const file = new URL(`node-${major}.json`, folder)
  const before = existsSync(file) ? read(file).results : {}
  await write(file, JSON.stringify({ machine, results: { ...before, ...results } }, rounded))
  await writePage()
}

/** Writes the figures of all versions to the page. */
export async function writePage(): Promise<void> {
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'))
  const runs = files.sort().map((name) => read(new URL(name, folder)))
  const text = readFileSync(page, 'utf8')
  const [start, end] = marks.map((mark) => text.indexOf(mark)) as [number, number]
  if (start === -1 || end < start)
    throw new Error(`docs/evidence/performance.md needs ${marks.join(' and ')}`)
  await write(page, `${text.slice(0, start)}${marks[0]}\n\n${report(runs)}\n\n${text.slice(end)}`)
}

function read(file: URL): Run {
  return JSON.parse(readFileSync(file, 'utf8')) as Run
}

async function write(file: URL, content: string): Promise<void> {
  const filepath = fileURLToPath(file)
  writeFileSync(file, await format(content, { ...(await resolveConfig(filepath)), filepath }))
}

function rounded(_name: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(4)) : value
}
