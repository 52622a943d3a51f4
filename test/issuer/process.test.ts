import { execFile } from 'node:child_process'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { expect, it } from 'vitest'

/** Runs a script to its end. @returns what it printed, and its exit code */
async function run(script: string, ...values: string[]): Promise<{ code: number; printed: string }> {
  const node = ['--import', 'tsx', '--input-type=module', '--eval', script, ...values]
  return await new Promise((resolve) => {
    execFile(process.execPath, node, { cwd: new URL('../..', import.meta.url) }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, printed: `${stdout}${stderr}` })
    })
  })
}

const script = `
  import { createResourceServer } from './src/index.ts'
  const [issuer, jwksUri] = process.argv.slice(1)
  await createResourceServer({ issuer, audience: 'https://api.test', jwksUri }).ready()
  console.log('holding the process:', process.getActiveResourcesInfo().filter((name) => name === 'Timeout'))
`

it('a process ends as soon as its work is done: no timer holds it', async () => {
  const issuer = await createTestIssuer()
  const server = await issuer.listen()
  const { code, printed } = await run(script, issuer.issuer, server.jwksUri)
  await server.close()
  expect(printed).toContain('holding the process: []')
  expect(code).toBe(0)
}, 20_000)

it('a process that cannot have its keys at start-up ends with an error, not in silence', async () => {
  // A port that was free a moment ago refuses connections.
  const unused = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => unused.once('listening', resolve))
  const { port } = unused.address() as AddressInfo
  await new Promise((resolve) => unused.close(resolve))
  const { code, printed } = await run(script, 'https://issuer.test/', `http://127.0.0.1:${port}/jwks`)
  expect(printed).toContain('UpstreamError')
  expect(printed).toContain('the server cannot be reached')
  expect(code).toBe(1)
}, 20_000)
