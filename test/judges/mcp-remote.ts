import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import {
  documentUrl,
  knownClient,
  type Registration,
} from '../../examples/mcp-server/authorization-server.ts'
import { startOpener } from './browser.ts'
import { expectSeen, expectText, type Tools, type Verdict } from './judge.ts'
import { registrations, startScene } from './scene.ts'

// Below the ports that systems give to outgoing connections, so that none of them takes it.
const port = '23334'
const redirectUri = `http://localhost:${port}/oauth/callback`

const options: Readonly<Record<Registration, readonly string[]>> = {
  'client ID metadata document': ['--client-metadata-url', documentUrl],
  'dynamic registration': [],
  'pre-registered client': ['--static-oauth-client-info', JSON.stringify({ client_id: knownClient })],
}

/** `mcp-remote`: the bridge by which clients without OAuth reach a server with it. */
export const mcpRemote: readonly Verdict[] = registrations.map((registration) => ({
  name: `mcp-remote, ${registration}`,
  judge: (tools) => judge(registration, tools),
}))

async function judge(registration: Registration, { folder, installed }: Tools): Promise<undefined> {
  const scene = await startScene(registration, redirectUri)
  const own = await mkdtemp(join(folder, 'mcp-remote-'))
  const opener = await startOpener(own, redirectUri)
  const client = new Client({ name: 'judge', version: '1.0.0' })
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [installed('mcp-remote', 'dist', 'proxy.js'), scene.url.href, port, ...options[registration]],
    env: { ...opener.env, HOME: own, MCP_REMOTE_CONFIG_DIR: own },
    stderr: 'pipe',
  })
  let log = ''
  transport.stderr?.on('data', (chunk: Buffer) => (log += chunk.toString()))
  const call = async (name: string): Promise<void> => {
    scene.forget()
    expectText(JSON.stringify(await client.callTool({ name })), `${name} for alice`)
  }
  try {
    await client.connect(transport)
    expectSeen(
      scene.seen,
      'POST /mcp 401',
      'GET /.well-known/oauth-protected-resource/mcp 200',
      'POST /mcp 200',
    )
    await call('list_reports')
    expectOpened(1)
    await call('delete_report')
    expectSeen(scene.seen, 'POST /mcp 403 insufficient_scope', 'POST /mcp 200')
    expectOpened(2)
    scene.expire()
    await call('list_reports')
    expectSeen(scene.seen, 'POST /mcp 401 invalid_token', 'POST /mcp 200')
    await scene.revoke()
    await call('list_reports')
    expectSeen(scene.seen, 'POST /mcp 401 invalid_token', 'POST /mcp 200')
  } catch (error) {
    throw new Error(`${String(error)}\nseen: ${scene.seen.join(', ')}\n${log}`, { cause: error })
  } finally {
    await client.close()
    await opener.close()
    await scene.close()
  }

  /** How often the person had to sign in so far. */
  function expectOpened(times: number): void {
    if (opener.opened() !== times)
      throw new Error(`the browser was opened ${opener.opened()} times, not ${times}`)
  }
}
