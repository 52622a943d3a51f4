import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { closedPort } from './support/closed-port.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const port = await closedPort()
const program = `
  import { createResourceServer } from './src/index.ts'
  import { createTestIssuer } from './src/testing/index.ts'
  const api = createResourceServer({ issuer: 'https://id.test', audience: 'a', jwksUri: 'http://127.0.0.1:${port}/keys?secret=1', keyCache: { timeoutMs: 500 } })
  await api.verify('opaque-CANARY').catch(() => undefined)
  await api.ready().catch(() => undefined)
  const issuer = await createTestIssuer({ audience: 'a' })
  const token = await issuer.sign({ email: 'CANARY@example.com', exp: 1 })
  const onRefused = () => { throw new Error('CANARY') }
  await createResourceServer({ ...issuer.options, onRefused }).verify(token).catch(() => undefined)
`

async function printed(debug: string): Promise<string> {
  const env = { ...process.env, NODE_DEBUG: debug, NODE_NO_WARNINGS: '1' }
  const args = ['--import', 'tsx', '--input-type=module', '--eval', program]
  const { stderr } = await promisify(execFile)(process.execPath, args, { cwd: root, env })
  return stderr
}

it('NODE_DEBUG prints every refusal with its explanation, and every fetch of keys', async () => {
  const text = await printed('oauth-resource-server')
  expect(text).toMatch(
    /^OAUTH-RESOURCE-SERVER \d+: refused 401 malformed: the token cannot be read \(.*opaque/m,
  )
  expect(text).toMatch(/: fetchStart https:\/\/id\.test/)
  expect(text).toContain(
    `: fetchFailed https://id.test unavailable: the server cannot be reached at http://127.0.0.1:${port}/keys, ECONNREFUSED`,
  )
  expect(text).toMatch(/: refused 401 expired: token has exp 1,/)
  expect(text).toContain(
    ': onRefused failed: error: Error (not an error of this library: its message is not shown)',
  )
  expect(text).not.toMatch(/CANARY|secret|eyJ/)
})

it('nothing is printed without it', async () => {
  expect(await printed('')).toBe('')
})
