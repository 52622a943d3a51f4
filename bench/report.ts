import { barChart, lineChart } from './chart.ts'
import type { ProfileResult } from './http-profile.ts'
import type { Machine } from './machine.ts'
import { median, ratio, type Timings } from './measure.ts'
import type { Results } from './parts.ts'
import { everythingElse } from './shares.ts'
import { floorName } from './verify.ts'

/** What one Node version's run found. */
export interface Run {
  readonly machine: Machine
  readonly results: Results
}

/** Why a chart of growth looks as it does. */
const reasons: Readonly<Record<string, string>> = {
  'token-size':
    'Seen before: SHA-256 over the token, and nothing else. Never seen: the hash inside the signature check, decoding and parsing; linear.',
  keys: 'Flat: keys are found by their id in a map.',
  issuers: 'Flat: issuers are found by their name in a map.',
  cache:
    "Finding an entry takes the same steps in a cache of any size; with thousands of them, those steps miss the processor's caches.",
  scopes:
    'Seen before: only the hash grows, with the token. Never seen: linear, as the claim is split, and a set is made of it once.',
}

type Row = readonly (string | number)[]

/**
 * The document, and the charts beside it by file name.
 *
 * @param versions the runs of every Node version, the latest first
 */
export function report(versions: readonly (readonly Run[])[]): {
  document: string
  charts: ReadonlyMap<string, string>
} {
  const charts = new Map<string, string>()
  const latest = versions.flatMap((runs) => runs.slice(0, 1))
  const sections = latest.flatMap((run, index) => section(run, index === 0 ? charts : undefined))
  const document = [
    '# Performance',
    'Written by `npm run bench`, which measures the built package. Contenders run side by side: every round gives each of them one slice, in a new order, and what is shown is the median over the rounds. Ratios are taken within a round.',
    '## Goals',
    'What the latest runs in a row found, the last one first; details of that one are below.',
    table(['', 'goal', ...latest.map(({ machine }) => `Node ${machine.node}`)], goals(versions)),
    ...unmet,
    ...sections,
  ].join('\n\n')
  return { document: `${document}\n`, charts }
}

/** Why some goals are out of reach, for every machine that computes SHA-256 as fast as it checks signatures. */
const unmet = [
  '## What stands in the way',
  '**RS256, never seen, and remembered.** Without remembering, five runs of the six were within the goal, and one 0.01 above it; when the machine was a quarter faster, on 2026-11-23, runs on both Node versions found 1.27 to 1.31. Remembering is none of the checks: it is one more SHA-256, over the whole token, and an entry in the cache, for which the next request with this token takes a twentieth. The signature check hashes most of the same bytes, but keeps what it found to itself.',
  '**Four times faster than the cache of fast-jwt.** Tokens are not kept in clear, since a heap dump must not be a bag of credentials, so each one has to be hashed before it can be found. Hashing it ("part: hash the token" below) takes more than a quarter of what that cache takes, before anything else is done. Hashing the signature alone takes more than a quarter too, and the rest would have to be kept for comparison, 0.7 KB a token, which is more memory than the goal for it allows. In clear it could be had: looking a token up by its last 22 characters and comparing the rest takes a sixth of the hash. As keys of a map tokens would not be found faster, even in clear: V8 hashes the whole string first, and takes longer for it than SHA-256 does.',
  "**Throughput behind HTTP.** Two floors stand beside the goals, measured in the same rounds. Hooks that hash the token and set one member do what nothing can leave out that remembers tokens without keeping them; they check nothing and let everyone in. Hooks that recall the caller and check the least are written for this benchmark alone: a bounded cache, the end of the token's time, whether the keys are still those, a caller on the request, one scope, each in the cheapest way there is; they cannot verify a token, know one issuer, and answer no request they refuse. They reached the goal in none of the eighteen comparisons above; Koa on Node 20 came nearest, once, with 91.6 %. The hash alone reached it in six: always with Express on Node 20, where a request takes longest. A library that reached the goals would have to be faster than a program that leaves out most of what the library is for.",
  'With 64 requests in flight bare Koa and Fastify take 12 to 27 µs of processor time for an answer, as fast as the machine is that day; 8 % of that is 1.0 to 2.1 µs. "Where the time goes" shows that SHA-256 alone takes 4 to 9 % of a request, and the `headers` object, which Node makes when it is first read, up to 2 % of a request more, before anything is checked. The other steps take 0.4 µs together when nothing else runs ("A token seen before"), and three to seven times that in a server: between two requests the kernel and the framework run 20 µs of other code, so each step begins with memory the processor no longer has at hand.',
  'What this library takes beyond the second floor is spread over the steps of the profile, and none stands out. Of 2 µs on Koa, one went when issuer, age and set of the keys were taken for granted; none when the look for a second Authorization header, the view of the request, the members of the `Auth` or the adapter were, one at a time. Taking issuer and keys for granted would be a second way for a token to be accepted.',
  '**Express.** Express sets the prototype of every request after it was made. V8 then gives each request a hidden class of its own, so that what it learnt from one request never fits the next, and every access to a member of the request is looked up anew. "Hooks that set one member and read it" shows what that costs, and so does the profile: the same few lines of the adapter take ten times what they take on Koa and Fastify, much of it in adding `req.auth`, and the other functions twice as much. On Node 24 this was mended, and the hash alone takes 5 %.',
  '**How far the figures can be trusted.** Two processes that run the same program differ by more than some of these goals allow: bare Express on Node 20 took between 102 and 153 µs in fourteen launches within two hours. Each server is launched five times in a run.',
]

/** What no cache of verified tokens can do without, as hooks that do nothing else. */
const floors = [
  'hooks that hash the token and set one member',
  'hooks that recall the caller and check the least',
] as const

function goals(versions: readonly (readonly Run[])[]): Row[] {
  const verified = (algorithm: string) => (results: Results) => {
    const timings = results.verify?.[algorithm]
    if (timings === undefined) return undefined
    const [checked, remembered] = ['this library, in an adapter', 'this library, verify() and remember'].map(
      (name) => ratio(timings, name, floorName).toFixed(2),
    )
    return `${checked ?? ''} (${remembered ?? ''})`
  }
  const kept = (server: string) => (results: Results) => {
    const result = results.http?.find((each) => each.server === server && each.inFlight === 64)
    return result === undefined ? undefined : `${percent(result.kept)} (${percent(result.keptByProcessor)})`
  }
  type Read = (results: Results, machine: Machine) => string | undefined
  const floorRows = (framework: string): (readonly [string, string, Read])[] =>
    floors.map((floor) => [floor, '', kept(`${framework}: ${floor}`)])
  const rows: readonly (readonly [string, string, Read])[] = [
    [
      'day, and `crypto.verify` for RS256 on that day',
      '',
      ({ verify }, { date }) => {
        const floor = verify?.['RS256']?.[floorName]
        return floor && `${date}, ${(median(floor) / 1000).toFixed(1)} µs`
      },
    ],
    ['RS256, never seen, against `crypto.verify` (and remembered)', 'at most 1.35', verified('RS256')],
    ['ES256, likewise', 'at most 1.15', verified('ES256')],
    ['Ed25519, likewise', 'at most 1.10', verified('EdDSA')],
    [
      'seen before',
      'at most 2 µs',
      ({ seen }) => seen && `${(median(seen['this library, in an adapter'] ?? []) / 1000).toFixed(2)} µs`,
    ],
    [
      'seen before, times faster than fast-jwt with its cache',
      'at least 4',
      ({ seen }) => seen && ratio(seen, 'fast-jwt with its cache', 'this library, verify()').toFixed(1),
    ],
    ['Express throughput kept (by processor time)', 'at least 95 %', kept('express: this library')],
    ...floorRows('express'),
    ['Koa, likewise', 'at least 92 %', kept('koa: this library')],
    ...floorRows('koa'),
    ['Fastify, likewise', 'at least 92 %', kept('fastify: this library')],
    ...floorRows('fastify'),
    [
      'heap of 10,000 tokens of 1 KB',
      'at most 15 MB',
      ({ memory }) => {
        const mine = memory?.find(({ name }) => name === 'this library')
        return mine && `${((mine.megabytes * 10_000) / mine.tokens).toFixed(1)} MB`
      },
    ],
    [
      'import of an adapter, against jose and lru-cache',
      'at most 1.5',
      ({ import: found }) =>
        found?.imports.find(({ name }) => name === 'this library: express')?.ratio.toFixed(2),
    ],
    [
      'allocated by a passing guard',
      '0 bytes',
      ({ guards }) => {
        const bytes = guards?.find(({ name }) => name === 'requireScope() of express')?.bytes
        return bytes === undefined ? undefined : `${bytes} bytes`
      },
    ],
  ]
  return rows.map(([name, goal, read]) => [
    name,
    goal,
    ...versions.map((runs) => runs.flatMap((run) => read(run.results, run.machine) ?? []).join('; ')),
  ])
}

function section({ machine, results }: Run, charts: Map<string, string> | undefined): string[] {
  const { verify, seen, http, profile, memory, import: imported, guards, flood, growth } = results
  const parts = [`## Node ${machine.node}`, about(machine)]
  if (verify !== undefined) {
    parts.push(
      '### A token never seen before',
      'All checks on. µs, and in brackets the ratio to `crypto.verify` on bytes that are ready for it. For ES256 these are DER, which Node 24 checks a third faster than the form tokens have ("ieee-p1363").',
      verifyTable(verify),
    )
  }
  if (seen !== undefined) {
    parts.push(
      '### A token seen before',
      'The same content in a new string object. The parts are measured alone; what is left is looking at times and keys, and making the `Auth`.',
      table(
        ['', 'µs'],
        Object.entries(seen).map(([name, values]) => [name, (median(values) / 1000).toFixed(2)]),
      ),
    )
  }
  if (http !== undefined) {
    parts.push(
      '### Behind HTTP',
      'RS256, 200 tokens in turn, one scope guard. Server and load generator are processes of their own. "Kept" is the part of the bare framework\'s throughput in the same round; by processor time, which other work on the machine disturbs less, in brackets. The two floors are told of in "What stands in the way".',
      table(
        ['', 'in flight', 'requests/s', 'µs of processor', 'kept'],
        http.map((result) => [
          result.server,
          result.inFlight,
          Math.round(result.requestsPerSecond),
          result.processorMicroseconds.toFixed(1),
          `${percent(result.kept)} (${percent(result.keptByProcessor)})`,
        ]),
      ),
    )
    const bars = http
      .filter(({ inFlight, server }) => inFlight === 64 && !server.endsWith(': bare'))
      .map(({ server, kept }) => ({ name: server, share: kept, ours: server.includes('this library') }))
    draw('http', barChart('Throughput kept of the bare framework, 64 in flight', bars))
  }
  if (profile !== undefined) {
    parts.push(
      '### Where the time goes',
      "V8's sampling profiler in the server, while 64 requests are in flight: µs of processor time for one request. Each function counts with what it calls in V8 and Node, and only where this library called it; but for `headers`, which bare Express reads too, and Koa and Fastify do not.",
      profileTable(profile),
    )
  }
  if (memory !== undefined) {
    parts.push(
      '### Memory',
      'Heap added after a garbage collection. The second half pushes the first one out.',
      table(
        ['', 'tokens verified', 'characters each', 'MB added'],
        memory.map(({ name, tokens, characters, megabytes }) => [
          name,
          tokens,
          characters,
          megabytes.toFixed(1),
        ]),
      ),
    )
  }
  if (imported !== undefined) {
    parts.push(
      '### Import and size',
      table(
        ['imported in a new process', 'ms', 'against jose and lru-cache'],
        imported.imports.map(({ name, milliseconds, ratio }) => [
          name,
          milliseconds.toFixed(1),
          ratio.toFixed(2),
        ]),
      ),
      table(
        ['built file', 'KB', 'gzipped'],
        imported.sizes.map(({ file, bytes, gzipped }) => [file, kilobytes(bytes), kilobytes(gzipped)]),
      ),
    )
  }
  if (guards !== undefined) {
    parts.push(
      '### Guards',
      table(
        ['a call that passes', 'ns', 'bytes allocated'],
        guards.map(({ name, nanoseconds, bytes }) => [name, nanoseconds.toFixed(0), bytes]),
      ),
    )
  }
  if (flood !== undefined) {
    parts.push(
      '### A flood of bad signatures',
      '64 clients send badly signed tokens as fast as they are refused. Delay of the event loop in ms; 1 ms is the resolution.',
      table(
        ['key', '', 'refused/s', 'median', '99 %', 'max'],
        flood.map(({ key, name, refusedPerSecond, median, p99, max }) => [
          key,
          name,
          Math.round(refusedPerSecond),
          ...[median, p99, max].map((value) => value.toFixed(1)),
        ]),
      ),
    )
  }
  if (growth !== undefined) {
    parts.push('### How cost grows', 'µs per token.')
    for (const { id, title, unit, lines } of growth) {
      const names = Object.keys(lines)
      const xs = [...new Set(names.flatMap((name) => (lines[name] ?? []).map(({ x }) => x)))].sort(
        (a, b) => a - b,
      )
      const at = (name: string, x: number): string => {
        const point = lines[name]?.find((candidate) => candidate.x === x)
        return point === undefined ? '' : (point.nanoseconds / 1000).toFixed(2)
      }
      parts.push(
        table(
          [unit, ...names],
          xs.map((x) => [x, ...names.map((name) => at(name, x))]),
        ),
      )
      const drawn = names.map((name) => ({
        name,
        points: (lines[name] ?? []).map(({ x, nanoseconds }) => ({ x, y: nanoseconds / 1000 })),
      }))
      const reason = reasons[id]
      if (reason !== undefined) parts.push(reason)
      draw(id, lineChart(title, unit, 'µs per token', drawn))
    }
  }
  return parts

  function draw(id: string, content: string): void {
    if (charts === undefined) return
    const file = `performance-${id}.svg`
    charts.set(file, content)
    parts.push(`![${id}](./${file})`)
  }
}

function about({ node, openssl, processor, system, date, load, clock, versions }: Machine): string {
  const list = Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')
  const timed = clock === 'processor' ? ' Times of single calls are processor time.' : ''
  const noise =
    load > 0.5 ? ` The machine was not quiet: others kept ${load} processors busy or waiting.` : ''
  return `${date}, Node ${node} with OpenSSL ${openssl}, ${processor}, ${system}.${noise}${timed} Beside it: ${list}.`
}

function verifyTable(verify: Readonly<Record<string, Timings>>): string {
  const algorithms = Object.keys(verify)
  const names = [...new Set(algorithms.flatMap((algorithm) => Object.keys(verify[algorithm] ?? {})))]
  return table(
    ['', ...algorithms],
    names.map((name) => [
      name,
      ...algorithms.map((algorithm) => {
        const timings = verify[algorithm] ?? {}
        const mine = timings[name]
        if (mine === undefined) return '–'
        return `${(median(mine) / 1000).toFixed(1)} (${ratio(timings, name, floorName).toFixed(2)})`
      }),
    ]),
  )
}

/** A row for each function that takes part in a microsecond, a sum of the smaller ones, and the rest. */
function profileTable(profile: ProfileResult): string {
  const frameworks = Object.keys(profile)
  const at = (owner: string, framework: string): number => profile[framework]?.[owner] ?? 0
  const largest = (owner: string): number => Math.max(...frameworks.map((name) => at(owner, name)))
  const owners = [...new Set(frameworks.flatMap((name) => Object.keys(profile[name] ?? {})))]
    .filter((owner) => owner !== everythingElse)
    .sort((a, b) => largest(b) - largest(a))
  const large = owners.filter((owner) => largest(owner) >= 0.05)
  const small = owners.filter((owner) => !large.includes(owner))
  const row = (name: string, members: readonly string[]): Row => [
    name,
    ...frameworks.map((framework) =>
      members.reduce((sum, owner) => sum + at(owner, framework), 0).toFixed(2),
    ),
  ]
  return table(
    ['', ...frameworks],
    [
      ...large.map((owner) => row(owner, [owner])),
      row('smaller ones together', small),
      row('all of these', owners),
      row(everythingElse, [everythingElse]),
      [
        'the hash alone, as a part of the whole',
        ...frameworks.map((framework) => {
          const whole = Object.values(profile[framework] ?? {}).reduce((sum, part) => sum + part, 0)
          return `${((at('`hash` of Node', framework) / whole) * 100).toFixed(1)} %`
        }),
      ],
    ],
  )
}

export function table(head: Row, rows: readonly Row[]): string {
  const line = (cells: Row): string => `| ${cells.join(' | ')} |`
  const rule = `|${head.map((_cell, index) => (index === 0 ? '---' : '---:')).join('|')}|`
  return [line(head), rule, ...rows.map(line)].join('\n')
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}

function kilobytes(bytes: number): string {
  return (bytes / 1000).toFixed(1)
}
