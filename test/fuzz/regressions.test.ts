import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { judgeOrTell } from './campaign.ts'
import type { FuzzCase } from './case.ts'

const folder = new URL('regressions/', import.meta.url)
const files = readdirSync(folder).filter((name) => name.endsWith('.json'))

// Each is what `npm run fuzz` wrote down once; none may come back.
describe('a case that fuzzing found', () => {
  it.each(files)('%s no longer does what it did', async (name) => {
    const from = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as FuzzCase
    expect(await judgeOrTell(from)).not.toHaveProperty('what')
  })
})
