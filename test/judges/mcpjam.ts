import { pathToFileURL } from 'node:url'
import {
  document,
  documentUrl,
  knownClient,
  type Registration,
} from '../../examples/mcp-server/authorization-server.ts'
import { visit } from './browser.ts'
import { expectSeen, expectText, type Tools, type Verdict } from './judge.ts'
import { registrations, type Scene, startScene } from './scene.ts'

/** What is used of `@mcpjam/sdk`. */
interface McpJam {
  readonly OAuthConformanceTest: new (config: object) => { run(): Promise<Result> }
  readonly MCPClientManager: new () => Manager
}
interface Result {
  readonly passed: boolean
  readonly summary: string
  readonly steps: readonly {
    readonly step: string
    readonly status: string
    readonly error?: { message: string }
  }[]
  readonly credentials?: { readonly accessToken?: string }
}
interface Manager {
  connectToServer(server: string, config: { url: string; accessToken: string }): Promise<unknown>
  executeTool(server: string, tool: string, parameters: object): Promise<unknown>
  disconnectAllServers(): Promise<void>
}

const redirectUri = 'http://127.0.0.1:43333/callback'
const strategies: Readonly<Record<Registration, string>> = {
  'client ID metadata document': 'cimd',
  'dynamic registration': 'dcr',
  'pre-registered client': 'preregistered',
}

/** `@mcpjam/sdk`: `OAuthConformanceTest`, and its client with the tokens that the test got. */
export const mcpJam: readonly Verdict[] = registrations.map((registration) => ({
  name: `@mcpjam/sdk, ${registration}`,
  judge: (tools) => judge(registration, tools),
}))

async function judge(registration: Registration, { installed }: Tools): Promise<undefined> {
  // It would send its results elsewhere.
  process.env['DO_NOT_TRACK'] = '1'
  const jam = (await import(pathToFileURL(installed('@mcpjam', 'sdk', 'dist', 'index.js')).href)) as McpJam
  const scene = await startScene(registration, redirectUri)
  const signIn = (scopes?: string): Promise<string> => conformance(jam, scene, registration, scopes)
  const call = (token: string, tool: string): Promise<string> => callTool(jam, scene, token, tool)
  try {
    const first = await signIn()
    expectSeen(
      scene.seen,
      'POST /mcp 401',
      'GET /.well-known/oauth-protected-resource/mcp 200',
      'POST /mcp 200',
    )
    // Its test of tokens that are wrong.
    expectSeen(scene.seen, 'POST /mcp 401 invalid_token')
    expectText(await call(first, 'list_reports'), 'list_reports for alice')
    await call(first, 'delete_report')
    expectSeen(scene.seen, 'POST /mcp 403 insufficient_scope')
    const second = await signIn('reports:read reports:write')
    expectText(await call(second, 'delete_report'), 'delete_report for alice')
    scene.expire()
    await call(second, 'list_reports')
    expectSeen(scene.seen, 'POST /mcp 401 invalid_token')
    const third = await signIn()
    expectText(await call(third, 'list_reports'), 'list_reports for alice')
    await scene.revoke()
    await call(third, 'list_reports')
    expectSeen(scene.seen, 'POST /mcp 401 invalid_token')
  } finally {
    await scene.close()
  }
}

/** Runs the whole test of OAuth. @returns the access token that it got */
async function conformance(
  { OAuthConformanceTest }: McpJam,
  scene: Scene,
  registration: Registration,
  scopes?: string,
): Promise<string> {
  const { passed, summary, steps, credentials } = await new OAuthConformanceTest({
    serverUrl: scene.url.href,
    protocolVersion: '2025-11-25',
    registrationStrategy: strategies[registration],
    ...(scopes === undefined ? {} : { scopes }),
    auth: { mode: 'interactive', openUrl: (url: string) => visit(url, redirectUri) },
    redirectUrl: redirectUri,
    client: { preregistered: { clientId: knownClient }, clientIdMetadataUrl: documentUrl },
    oauthConformanceChecks: true,
    verification: { listTools: true, callTool: { name: 'list_reports' } },
    // It reads the document of the client itself, too.
    fetchFn: (url: string | URL, init?: RequestInit) =>
      String(url) === documentUrl
        ? Promise.resolve(Response.json({ ...document, redirect_uris: [redirectUri] }))
        : fetch(url, init),
  }).run()
  const wrong = steps.filter(({ status }) => status === 'failed')
  if (!passed || wrong.length > 0) {
    throw new Error(
      [summary, ...wrong.map(({ step, error }) => `${step}: ${String(error?.message)}`)].join('\n'),
    )
  }
  return credentials?.accessToken ?? ''
}

/** Calls a tool with a token. @returns the result, or the message of the error */
async function callTool(
  { MCPClientManager }: McpJam,
  scene: Scene,
  accessToken: string,
  tool: string,
): Promise<string> {
  scene.forget()
  const manager = new MCPClientManager()
  try {
    await manager.connectToServer('reports', { url: scene.url.href, accessToken })
    return JSON.stringify(await manager.executeTool('reports', tool, {}))
  } catch (error) {
    return String(error)
  } finally {
    await manager.disconnectAllServers().catch(() => undefined)
  }
}
