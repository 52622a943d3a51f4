import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { blockCoverage } from './block-coverage.ts'
import { randomBytes } from './choices.ts'

// One engine of `npm run fuzz`; started by run.ts with the engine's name, minutes and a seed.
const [engine = 'node', minutes = '1', seed = '1'] = process.argv.slice(2)
const corpusFile = new URL(`../../coverage/fuzz/${engine}.json`, import.meta.url)
const regressions = new URL('regressions/', import.meta.url)

process.on('unhandledRejection', (error) => {
  throw new Error('a rejection nobody handles', { cause: error })
})

// Before our sources are loaded, so that V8 counts their blocks from the start.
const coverage = await blockCoverage(/\/src\//)
const { caseFrom } = await import('./mutate.ts')
const { caseLength, judgeOrTell } = await import('./campaign.ts')

const random = randomBytes(Number(seed))
const int = (bound: number): number => ((random(1)[0] as number) * 256 + (random(1)[0] as number)) % bound
const corpus: Uint8Array[] = readCorpus()
const known = new Set<string>()
const verdicts = new Set<string>()
const findings = new Set<string>()
let cases = 0
let accepted = 0

/** Judges one input; a finding is written down. */
async function run(input: Uint8Array): Promise<string> {
  const from = caseFrom(input)
  const outcome = await judgeOrTell(from)
  if (!('what' in outcome)) {
    if (outcome.ours === 'accepted') accepted++
    return `${outcome.ours}|${outcome.jose}|${outcome.difference ?? ''}`
  }
  if (!findings.has(outcome.what)) {
    findings.add(outcome.what)
    const name = `${createHash('sha256').update(from.token).digest('hex').slice(0, 12)}.json`
    writeFileSync(
      new URL(name, regressions),
      `${JSON.stringify({ found: outcome.what, ...from }, null, 2)}\n`,
    )
    console.log(`${engine}: ${outcome.what}, after ${from.story.join('; ')}: test/fuzz/regressions/${name}`)
  }
  return outcome.what
}

/** Whether an input ran a block, or led to a pair of verdicts, that none did before. */
function isNews(features: readonly string[]): boolean {
  const before = known.size
  for (const feature of features) known.add(feature)
  return known.size > before
}

async function keepIfNew(input: Uint8Array): Promise<void> {
  const verdict = await run(input)
  if (isNews([verdict, ...(await coverage.take())])) corpus.push(input)
}

function offspring(): Uint8Array {
  const parent = corpus[int(corpus.length)] as Uint8Array
  const child = Uint8Array.from(parent)
  for (let count = 1 + int(4); count > 0; count--) {
    const at = int(child.length)
    switch (int(4)) {
      case 0:
        child[at] = (child[at] as number) ^ (1 << int(8))
        break
      case 1:
        child[at] = int(256)
        break
      case 2:
        child.set((corpus[int(corpus.length)] as Uint8Array).subarray(at, at + 1 + int(16)), at)
        break
      default:
        child.copyWithin(at, int(child.length), child.length - 1)
    }
  }
  return child
}

for (const input of corpus.length > 0
  ? corpus.splice(0)
  : Array.from({ length: 64 }, () => random(caseLength))) {
  await keepIfNew(input)
}

// Asking V8 costs as much as a case, so it is asked about several at once, and about each only after news.
const batch = 8
const end = performance.now() + Number(minutes) * 60_000
while (performance.now() < end) {
  const children = Array.from({ length: batch }, () => (int(20) === 0 ? random(caseLength) : offspring()))
  const seen: string[] = []
  for (const child of children) {
    const verdict = await run(child)
    cases++
    verdicts.add(verdict)
    seen.push(verdict)
  }
  const features = [...seen, ...(await coverage.take())]
  if (features.some((feature) => !known.has(feature))) for (const child of children) await keepIfNew(child)
  // Counts of a batch are higher than those of each of its cases: remembered, or they would be news for ever.
  isNews(features)
}

mkdirSync(new URL('.', corpusFile), { recursive: true })
writeFileSync(corpusFile, JSON.stringify(corpus.map((input) => Buffer.from(input).toString('base64url'))))
console.log(
  `${engine}: ${cases} cases, ${accepted} accepted by ours, ${known.size} blocks and verdicts, ` +
    `${verdicts.size} pairs of verdicts, corpus ${corpus.length}, ${findings.size} findings (seed ${seed})`,
)
process.exitCode = findings.size > 0 ? 1 : 0

function readCorpus(): Uint8Array[] {
  if (!existsSync(corpusFile)) return []
  const saved = JSON.parse(readFileSync(corpusFile, 'utf8')) as string[]
  return saved.map((input) => Buffer.from(input, 'base64url'))
}
