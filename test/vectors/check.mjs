// Judges the vectors with the built package and prints a digest of all verdicts: the same on every Node version, or
// something differs. Exits with 1 when a verdict is not the one that is published.
//
//   node test/vectors/check.mjs [MODULE]    MODULE: what to import, by default the build in dist/
//   node test/vectors/check.mjs --verdicts  prints every verdict too

import console from 'node:console'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { URL } from 'node:url'

const args = process.argv.slice(2)
const module =
  args.find((arg) => !arg.startsWith('--')) ?? new URL('../../dist/index.js', import.meta.url).href
const { createResourceServer } = await import(module)
const { issuer, audience, clockTolerance, now, jwks, tokens, keySets } = JSON.parse(
  readFileSync(new URL('vectors.json', import.meta.url), 'utf8'),
)

async function judge(set, token) {
  let api
  try {
    api = createResourceServer({ issuer, audience, clockTolerance, jwks: set, now: () => now * 1000 })
  } catch {
    return 'unusable'
  }
  return await api.verify(token).then(
    () => 'accepted',
    (error) => error.reason ?? `a bug: ${error}`,
  )
}

const verdicts = []
let wrong = 0
for (const vector of [...tokens, ...keySets]) {
  const verdict = await judge(vector.jwks ?? jwks, vector.token)
  const right =
    vector.verdict === 'refused' ? !['accepted', 'unusable'].includes(verdict) : verdict === vector.verdict
  verdicts.push(`${vector.id} ${verdict}`)
  if (args.includes('--verdicts')) console.log(`${vector.id} ${verdict}`)
  if (!right) {
    wrong += 1
    console.error(`${vector.id} is ${verdict}, should be ${vector.verdict}: ${vector.comment}`)
  }
}
const digest = createHash('sha256').update(verdicts.join('\n')).digest('hex')
console.log(`${verdicts.length} verdicts, ${wrong} wrong, digest ${digest}`)
process.exitCode = wrong > 0 ? 1 : 0
