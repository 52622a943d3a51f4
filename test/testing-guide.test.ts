import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { blocksOf, root } from './support/markdown.ts'

const folder = `${root}coverage/testing-guide`
const blocks = blocksOf('docs/testing.md')
mkdirSync(folder, { recursive: true })

/** Writes a block to a file, by the name in its first line or by its own line. */
function fileOf({ code, line }: (typeof blocks)[number]): string {
  const file = `${folder}/${/^\/\/ (\S+\.ts)\n/.exec(code)?.[1] ?? `line-${line}.ts`}`
  // Both have the same functions, and these tests run in vitest.
  writeFileSync(file, code.replace("'@jest/globals'", "'vitest'"))
  return file
}
const files = blocks.map((block) => ({ code: block.code, file: fileOf(block) }))
const having = (text: string): typeof files => files.filter(({ code }) => code.includes(text))
const forVitest = [...having("'vitest'"), ...having("'@jest/globals'")]

it('docs/testing.md has tests for vitest, jest and node:test', () => {
  expect(forVitest.length).toBeGreaterThanOrEqual(4)
  expect(having("'node:test'")).toHaveLength(1)
})

describe.each(forVitest)('the tests in docs/testing.md pass: $file', async ({ file }) => {
  await import(file)
})

it.each(having("'node:test'"))('the tests in docs/testing.md pass: $file', async ({ file }) => {
  const run = promisify(execFile)
  const { stdout } = await run(process.execPath, ['--import', 'tsx', '--test', file], {
    cwd: root,
    env: { ...process.env, NODE_OPTIONS: '', TSX_TSCONFIG_PATH: `${root}tsconfig.json` },
  })
  expect(stdout).toMatch(/# pass 3/)
})
