import { baselineName } from './baseline.ts'
import { goals, ratioText } from './goals.ts'
import type { HttpResult } from './http.ts'
import type { Machine } from './machine.ts'
import type { Spread } from './measure.ts'
import type { Run, Timed } from './results.ts'

type Row = readonly (string | number)[]

/** The figures of the latest run on every Node version, in Markdown. */
export function report(runs: readonly Run[]): string {
  return runs.flatMap(section).join('\n\n')
}

function section({ machine, results }: Run): readonly string[] {
  const { verify, seen, revocation, sender, guards, memory, http } = results
  const parts = [`### Node ${machine.node}`, about(machine)]
  const found = goals({ machine, results })
  if (found.length > 0) {
    const rows = found.map(({ name, ratio, limit, verdict }) => [
      name,
      ratioText(ratio),
      limit,
      verdict === 'missed' ? '**missed**' : verdict,
    ])
    parts.push(`#### Compared with ${baselineName}`, table(['', 'ratio', 'goal', ''], rows))
  }
  if (verify !== undefined) parts.push('#### A token never seen before', verifyTable(verify))
  if (seen !== undefined) parts.push('#### A token seen before', seenTable(seen))
  if (revocation !== undefined)
    parts.push('#### With revocation and introspection, a token seen before', plainTable(revocation))
  if (sender !== undefined) parts.push('#### With a bound token, seen before', seenTable(sender.rows))
  if (http !== undefined) parts.push('#### Behind HTTP', httpTable(http))
  if (memory !== undefined) {
    const rows = memory.map(({ name, tokens, characters, megabytes }) => [
      name,
      tokens,
      characters,
      megabytes.toFixed(1),
    ])
    parts.push('#### Memory', table(['', 'tokens verified', 'characters each', 'MB added'], rows))
  }
  if (guards !== undefined) {
    const rows = guards.map(({ name, nanoseconds, bytes }) => [name, nanoseconds.toFixed(0), bytes])
    parts.push('#### Guards', table(['call that passes', 'ns', 'bytes allocated'], rows))
  }
  return parts
}

function about({ node, openssl, processor, system, date, load, clock, versions }: Machine): string {
  const list = Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')
  const timed = clock === 'processor' ? ' Times of single calls are processor time.' : ''
  const noise = load > 0.5 ? ` The machine was not quiet: its load was ${load} before the run.` : ''
  return `${date}, Node ${node} with OpenSSL ${openssl}, ${processor}, ${system}.${noise}${timed} Versions: ${list}.`
}

/** µs for each algorithm, and in brackets the multiple of `crypto.verify`. */
function verifyTable(verify: Readonly<Record<string, readonly Timed[]>>): string {
  const algorithms = Object.keys(verify)
  const names = new Set(algorithms.flatMap((algorithm) => (verify[algorithm] ?? []).map(({ name }) => name)))
  const cell = (algorithm: string, name: string): string => {
    const found = verify[algorithm]?.find((timed) => timed.name === name)
    return found === undefined ? '–' : `${found.microseconds.toFixed(1)} (${found.floor?.toFixed(2) ?? '–'})`
  }
  return table(
    ['µs', ...algorithms],
    [...names].map((name) => [name, ...algorithms.map((algorithm) => cell(algorithm, name))]),
  )
}

function seenTable(seen: readonly Timed[]): string {
  const rows = seen.map(({ name, microseconds, baseline }) => [
    name,
    microseconds.toFixed(2),
    orDash(baseline),
  ])
  return table(['', 'µs', `time / ${baselineName}`], rows)
}

/** A row for each server, with what it keeps of the bare framework's and of the baseline's throughput. */
export function httpTable(http: readonly HttpResult[]): string {
  return table(
    [
      '',
      'in flight',
      'requests/s',
      'µs of processor',
      'kept of bare',
      `throughput / ${baselineName}`,
      'by processor time',
    ],
    http.map((result) => [
      `${result.framework}: ${result.server}`,
      result.inFlight,
      Math.round(result.requestsPerSecond),
      result.processorMicroseconds.toFixed(1),
      `${Math.round(result.kept * 100)} %`,
      orDash(result.baseline),
      orDash(result.baselineByProcessor),
    ]),
  )
}

function plainTable(found: readonly Timed[]): string {
  return table(
    ['', 'µs'],
    found.map(({ name, microseconds }) => [name, microseconds.toFixed(2)]),
  )
}

function orDash(ratio: Spread | undefined): string {
  return ratio === undefined ? '–' : ratioText(ratio)
}

/** A table in Markdown, with numbers to the right. */
export function table(head: Row, rows: readonly Row[]): string {
  const line = (cells: Row): string => `| ${cells.join(' | ')} |`
  const rule = `|${head.map((_cell, index) => (index === 0 ? '---' : '---:')).join('|')}|`
  return [line(head), rule, ...rows.map(line)].join('\n')
}
