import type { Call } from './calls.ts'

const headings = ['framework', 'route', 'token', 'status', 'challenge']
const longestChallenge = 64

/**
 * Lays calls out for a person to read. Where every framework gave the same answer, one line stands for all of
 * them; a framework that differs gets a line of its own.
 */
export function table(calls: readonly Call[], colours: boolean): string {
  const rows = merge(calls).map(({ call, frameworks }) => ({
    call,
    cells: [frameworks.join(' '), call.route, call.token, String(call.status), shorten(call.challenge)],
  }))
  const [head = '', ...lines] = rowsOf([headings, ...rows.map(({ cells }) => cells)])
  return [
    paint(`   ${head}`, 'bold', colours),
    ...rows.flatMap(({ call }, index) => [
      ...(call.route === rows[index - 1]?.call.route ? [] : ['']),
      call.right
        ? `${paint('✓', 'green', colours)}  ${lines[index] ?? ''}`
        : paint(`✗  ${lines[index] ?? ''}  expected ${call.expected}`, 'red', colours),
    ]),
  ].join('\n')
}

/** Lines of cells in columns of equal width. */
export function rowsOf(cells: readonly (readonly string[])[]): string[] {
  const widths = (cells[0] ?? []).map((_cell, column) =>
    Math.max(...cells.map((row) => row[column]?.length ?? 0)),
  )
  return cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

const codes = { bold: 1, red: 31, green: 32 } as const

/** Colours `text`, on a terminal that wants it. */
export function paint(text: string, colour: keyof typeof codes, colours: boolean): string {
  return colours ? `\u001B[${codes[colour]}m${text}\u001B[0m` : text
}

function merge(calls: readonly Call[]): { call: Call; frameworks: string[] }[] {
  const rows = new Map<string, { call: Call; frameworks: string[] }>()
  for (const call of calls) {
    const key = JSON.stringify([call.route, call.token, call.status, call.challenge])
    const row = rows.get(key)
    if (row) row.frameworks.push(call.framework)
    else rows.set(key, { call, frameworks: [call.framework] })
  }
  return [...rows.values()]
}

/** Leaves out the realm, which is the same everywhere, unless it is all there is. */
function shorten(challenge: string): string {
  const text = challenge.replace(/realm="[^"]*", error="(\w+)", error_description="([^"]*)"/, '$1: $2')
  return text.length > longestChallenge ? `${text.slice(0, longestChallenge - 1)}…` : text
}
