import { randomUUID } from 'node:crypto'
import { mkdtemp, readdir, readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import express from 'express'
import { type Auth, createResourceServer } from 'oauth-resource-server'
import { authorize, getAuth, protectedResourceMetadata, verifyJwt } from 'oauth-resource-server/express'
import { authInfo, boundSession } from 'oauth-resource-server/mcp'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { running } from '../../examples/demo/running.ts'
import { run } from '../consumers/process.ts'
import { everything } from './everything.ts'
import type { Tools, Verdict } from './judge.ts'

/** Scenarios that a server with every feature passes; the rest is about features that the fixture has not. */
const leastPassed = 25

/** `@modelcontextprotocol/conformance`: the official tests for servers, which know nothing of tokens. */
export const conformance: readonly Verdict[] = [
  {
    name: '@modelcontextprotocol/conformance, the same with and without the guard',
    async judge(tools) {
      const open = await resultsOf(tools, false)
      const guarded = await resultsOf(tools, true)
      const passed = open.filter((line) => line.endsWith('SUCCESS')).length
      if (passed < leastPassed) throw new Error(`only ${passed} checks pass:\n${open.join('\n')}`)
      if (guarded.join() !== open.join()) {
        throw new Error(`with the guard:\n${guarded.join('\n')}\nwithout:\n${open.join('\n')}`)
      }
      return `${passed} of ${open.length} checks pass`
    },
  },
]

/** Runs the tests. @returns a line for each check, in order */
async function resultsOf({ folder, installed, node }: Tools, guarded: boolean): Promise<readonly string[]> {
  const issuer = await createTestIssuer({ algorithms: ['ES256'] })
  const server = createServer()
  const started = await running('server', server.listen(0, '127.0.0.1'))
  const { url } = started
  const api = createResourceServer({ ...issuer.options, resource: `${url}/mcp` })
  const token = await issuer.sign({ sub: 'alice' })
  const app = guarded ? guardedServer(api) : openServer()
  server.on('request', (req, res) => {
    // The tests send no token: it is put into their requests here.
    req.headers.authorization ??= `Bearer ${token}`
    app(req, res)
  })
  const strangers = await fetch(`${url}/mcp`, { method: 'POST', headers: { authorization: 'Bearer x' } })
  if ((strangers.status === 401) !== guarded)
    throw new Error(`the guard is not what it should be: ${strangers.status}`)
  const output = await mkdtemp(join(folder, 'conformance-'))
  const program = installed('@modelcontextprotocol', 'conformance', 'dist', 'index.js')
  const args = [program, 'server', '--url', `${url}/mcp`, '--output-dir', output]
  // It fails where a check fails: what the checks say is in the folder.
  const said = await run(await node(), args, { cwd: folder }).catch(String)
  await started.close()
  const lines = await checksIn(output)
  if (lines.length === 0) throw new Error(said)
  return lines
}

async function checksIn(output: string): Promise<readonly string[]> {
  const files = (await readdir(output, { recursive: true })).filter((name) => name.endsWith('checks.json'))
  const lines = files.map(async (name) => {
    const checks = JSON.parse(await readFile(join(output, name), 'utf8')) as { id: string; status: string }[]
    return checks.map(({ id, status }) => `${id}: ${status}`)
  })
  return (await Promise.all(lines)).flat().sort()
}

type Api = ReturnType<typeof createResourceServer>

/** As docs/mcp.md has it under "Sessions". */
function guardedServer(api: Api): RequestListener {
  const session = boundSession()
  const open = sessions((id, auth) => session.bind(id, auth as Auth))
  const app = express()
  app.use(protectedResourceMetadata(api))
  app.use('/mcp', verifyJwt(api), express.json({ limit: '4mb' }))
  app.all('/mcp', authorize(session), (req, res) => {
    const auth = getAuth(req)
    return open(Object.assign(req, { auth: authInfo(auth) }), res, auth)
  })
  return app
}

function openServer(): RequestListener {
  const open = sessions()
  const app = express()
  app.use('/mcp', express.json({ limit: '4mb' }))
  app.all('/mcp', (req, res) => open(req, res))
  return app
}

type Handle = (req: IncomingMessage & { body?: unknown }, res: ServerResponse, auth?: Auth) => Promise<void>

function sessions(onBegin: (id: string, auth: Auth | undefined) => void = () => undefined): Handle {
  const transports = new Map<string, StreamableHTTPServerTransport>()
  return async (req, res, auth) => {
    let transport = transports.get(String(req.headers['mcp-session-id']))
    if (transport === undefined) {
      const begun: StreamableHTTPServerTransport = new StreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        onsessioninitialized(id) {
          onBegin(id, auth)
          transports.set(id, begun)
        },
      })
      await everything().connect(begun)
      transport = begun
    }
    await transport.handleRequest(req, res, req.body)
  }
}
