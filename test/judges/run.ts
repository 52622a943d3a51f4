// MCP clients and test suites of others judge a protected MCP server: `npm run judges`. `npm run judges -- text` runs
// those whose names have that text.
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installNodeVersions } from '../consumers/node-versions.ts'
import { run } from '../consumers/process.ts'
import { conformance } from './conformance.ts'
import type { Tools, Verdict } from './judge.ts'
import { mcpRemote } from './mcp-remote.ts'
import { mcpJam } from './mcpjam.ts'

const here = fileURLToPath(new URL('.', import.meta.url))
const wanted = process.argv[2] ?? ''
const verdicts = [...mcpJam, ...mcpRemote, ...conformance].filter(({ name }) => name.includes(wanted))
const counts = { passed: 0, failed: 0 }

const folder = await mkdtemp(join(tmpdir(), 'judges-'))
try {
  const tools = await install()
  for (const verdict of verdicts) await tell(verdict, tools)
} finally {
  await rm(folder, { recursive: true, force: true })
}
console.log(`${counts.passed} passed, ${counts.failed} failed`)
process.exit(counts.failed === 0 && counts.passed > 0 ? 0 : 1)

async function install(): Promise<Tools> {
  for (const name of ['package.json', 'package-lock.json']) await cp(join(here, name), join(folder, name))
  await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: folder })
  let newer: Promise<string> | undefined
  return {
    folder,
    installed: (...path) => join(folder, 'node_modules', ...path),
    node: () => (newer ??= installNodeVersions(folder, ['22.23.3']).then((program) => program('22.23.3'))),
  }
}

async function tell({ name, judge }: Verdict, tools: Tools): Promise<void> {
  const start = performance.now()
  try {
    const remark = await judge(tools)
    counts.passed += 1
    console.log(
      `✓ ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)${remark === undefined ? '' : `: ${remark}`}`,
    )
  } catch (error) {
    counts.failed += 1
    console.log(`✗ ${name}\n${(error as Error).message}`)
  }
}
