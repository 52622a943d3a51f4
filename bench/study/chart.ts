/** One line of a line chart. */
export interface ChartLine {
  readonly name: string
  readonly points: readonly { readonly x: number; readonly y: number }[]
}

const colours = ['#2563eb', '#d97706', '#64748b', '#16a34a']
const width = 640
const font = 'font-family="system-ui, sans-serif" font-size="12" fill="#334155"'

/** Draws lines over logarithmic axes, where a straight line under 45 degrees is linear growth. */
export function lineChart(
  title: string,
  xTitle: string,
  yTitle: string,
  lines: readonly ChartLine[],
): string {
  const [height, left, right, top, bottom] = [320, 64, 24, 40, 48]
  const all = lines.flatMap(({ points }) => points)
  const x = scale(
    all.map((point) => point.x),
    left,
    width - right,
  )
  const y = scale(
    all.map((point) => point.y),
    height - bottom,
    top,
  )
  const body = [
    text(left, 20, title, 'font-weight="600"'),
    text(width / 2, height - 8, xTitle, 'text-anchor="middle"'),
    text(left, 34, yTitle, 'style="font-size:11px"'),
    ...x.ticks.map((value) => {
      const at = x.place(value)
      return (
        rule(at, top, at, height - bottom) +
        text(at, height - bottom + 16, short(value), 'text-anchor="middle"')
      )
    }),
    ...y.ticks.map((value) => {
      const at = y.place(value)
      return rule(left, at, width - right, at) + text(left - 6, at + 4, short(value), 'text-anchor="end"')
    }),
    ...lines.map(({ name, points }, index) => {
      const colour = colours[index % colours.length] as string
      const path = points.map((point) => `${x.place(point.x)},${y.place(point.y)}`).join(' ')
      const dots = points.map(
        (point) => `<circle cx="${x.place(point.x)}" cy="${y.place(point.y)}" r="3" fill="${colour}"/>`,
      )
      const last = points.at(-1)
      const label =
        last === undefined
          ? ''
          : text(x.place(last.x), y.place(last.y) - 8, name, `text-anchor="end" style="fill:${colour}"`)
      return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>${dots.join('')}${label}`
    }),
  ]
  return svg(height, title, body)
}

interface Scale {
  readonly place: (value: number) => number
  readonly ticks: readonly number[]
}

function scale(values: readonly number[], from: number, to: number): Scale {
  const low = Math.log10(Math.min(...values)) - 0.05
  const high = Math.log10(Math.max(...values)) + 0.15
  const ticks: number[] = []
  for (let power = Math.floor(low); power <= high; power++) {
    for (const factor of [1, 2, 5]) {
      const value = factor * 10 ** power
      // Over more than two decades the powers of ten are enough.
      if (Math.log10(value) >= low && Math.log10(value) <= high && (high - low < 2 || factor === 1))
        ticks.push(value)
    }
  }
  const place = (value: number): number =>
    round(from + ((Math.log10(value) - low) / (high - low)) * (to - from))
  return { place, ticks }
}

function svg(height: number, title: string, body: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}">
<rect width="${width}" height="${height}" fill="#ffffff"/>
${body.join('\n')}
</svg>
`
}

function text(x: number, y: number, content: string, more = ''): string {
  return `<text x="${round(x)}" y="${round(y)}" ${font} ${more}>${escaped(content)}</text>`
}

function rule(x1: number, y1: number, x2: number, y2: number): string {
  return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="#e2e8f0"/>`
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}

function short(value: number): string {
  return value >= 1000 ? `${round(value / 1000)}k` : String(round(value))
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
