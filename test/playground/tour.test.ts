import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { steps, tour } from '../../examples/playground/tour.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const program = 'examples/playground/index.ts'

describe('the tour', () => {
  it('takes every step over the real servers, and ends well', async () => {
    const parameters = ['--import', 'tsx', program, '--tour']
    const env = { ...process.env, TSX_TSCONFIG_PATH: `${root}tsconfig.json` }
    // Rejects for any exit code but 0.
    const { stdout } = await promisify(execFile)(process.execPath, parameters, { cwd: root, env })
    expect(stdout.trimEnd().split('\n').at(-1)).toBe(`${steps.length} steps, all as they should be.`)
    for (const { title, expected } of steps) expect(stdout).toContain(`  ✓ ${title}\n      ${expected}\n`)
  })

  it('says what it expected and what it saw where something is wrong', async () => {
    const lines: string[] = []
    // Nobody listens there.
    const wrong = await tour('https://127.0.0.1:9', (line) => lines.push(line))
    expect(wrong).toBeGreaterThan(40)
    expect(lines).toContain('  ✗ alice signs in at the authorization server')
    expect(lines).toContain('      expected: alice: admin, reader')
    expect(lines.join('\n')).toContain('      seen:     fetch failed')
    expect(lines.at(-1)).toMatch(/steps, \d+ not as they should be\.$/)
  })

  it('has a topic for everything that the system consists of', () => {
    const topics = steps.flatMap(({ topic }) => topic ?? []).join('; ')
    for (const topic of [
      'PKCE',
      'client credentials',
      'access token',
      'Refresh',
      'RS256 beside HS256',
      'Keys',
    ])
      expect(topics).toContain(topic)
    for (const topic of ['Scopes and roles', 'Revocation', 'Sign out', 'HTTPS and cookies', 'DPoP', 'Forged'])
      expect(topics).toContain(topic)
  })
})
