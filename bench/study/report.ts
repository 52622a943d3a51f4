import { writeFileSync } from 'node:fs'
import type { HttpResult } from '../http.ts'
import { median, type Timings } from '../measure.ts'
import { httpTable, table } from '../report.ts'
import { lineChart } from './chart.ts'
import type { FloodResult } from './flood.ts'
import type { GrowthChart } from './growth.ts'
import type { ProfileResult } from './http-profile.ts'
import type { ImportResult, SizeResult } from './imports.ts'
import { everythingElse } from './shares.ts'

/** Tables of what the studies found. */

/** µs per token by what grows. @param draw whether the charts in `docs/evidence/` are drawn anew */
export function growth(charts: readonly GrowthChart[], draw: boolean): string {
  return charts.map((chart) => growthOf(chart, draw)).join('\n\n')
}

function growthOf({ id, title, unit, lines }: GrowthChart, draw: boolean): string {
  const names = Object.keys(lines)
  const points = (name: string): GrowthChart['lines'][string] => lines[name] ?? []
  const xs = [...new Set(names.flatMap((name) => points(name).map(({ x }) => x)))].sort((a, b) => a - b)
  const at = (name: string, x: number): string => {
    const point = points(name).find((candidate) => candidate.x === x)
    return point === undefined ? '' : (point.nanoseconds / 1000).toFixed(2)
  }
  if (draw) {
    const drawn = names.map((name) => ({
      name,
      points: points(name).map(({ x, nanoseconds }) => ({ x, y: nanoseconds / 1000 })),
    }))
    const file = new URL(`../../docs/evidence/performance-${id}.svg`, import.meta.url)
    writeFileSync(file, lineChart(title, unit, 'µs per token', drawn))
  }
  const rows = xs.map((x) => [x, ...names.map((name) => at(name, x))])
  return table([unit, ...names], rows)
}

export function steps(timings: Timings): string {
  const rows = Object.entries(timings).map(([name, values]) => [name, (median(values) / 1000).toFixed(2)])
  return table(['step', 'µs'], rows)
}

/** Milliseconds the event loop was held up. */
export function flood(results: readonly FloodResult[]): string {
  return table(
    ['key', 'verified by', 'refused/s', 'median', '99 %', 'max'],
    results.map(({ key, name, refusedPerSecond, median, p99, max }) => [
      key,
      name,
      Math.round(refusedPerSecond),
      ...[median, p99, max].map((value) => value.toFixed(1)),
    ]),
  )
}

export function floors(results: readonly HttpResult[]): string {
  return httpTable(results)
}

export function imports(found: readonly ImportResult[], sizes: readonly SizeResult[]): string {
  const kilobytes = (bytes: number): string => (bytes / 1000).toFixed(1)
  const times = found.map(({ name, milliseconds, ratio }) => [
    name,
    milliseconds.toFixed(1),
    ratio.toFixed(2),
  ])
  const files = sizes.map(({ file, bytes, gzipped }) => [file, kilobytes(bytes), kilobytes(gzipped)])
  return [
    table(['imported in a new process', 'ms', 'against jose and lru-cache'], times),
    table(['built file', 'KB', 'gzipped'], files),
  ].join('\n\n')
}

/** µs of processor time for one request: a row for each function that takes part in one, and the rest. */
export function profile(found: ProfileResult): string {
  const frameworks = Object.keys(found)
  const at = (owner: string, framework: string): number => found[framework]?.[owner] ?? 0
  const largest = (owner: string): number => Math.max(...frameworks.map((name) => at(owner, name)))
  const owners = [...new Set(frameworks.flatMap((name) => Object.keys(found[name] ?? {})))]
    .filter((owner) => owner !== everythingElse)
    .sort((a, b) => largest(b) - largest(a))
  const large = owners.filter((owner) => largest(owner) >= 0.05)
  const small = owners.filter((owner) => !large.includes(owner))
  const row = (name: string, members: readonly string[]): string[] => [
    name,
    ...frameworks.map((framework) =>
      members.reduce((sum, owner) => sum + at(owner, framework), 0).toFixed(2),
    ),
  ]
  return table(
    ['function', ...frameworks],
    [
      ...large.map((owner) => row(owner, [owner])),
      row('smaller ones together', small),
      row('all of these', owners),
      row(everythingElse, [everythingElse]),
    ],
  )
}
