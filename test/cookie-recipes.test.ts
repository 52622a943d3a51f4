import { mkdirSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { blocksOf, root } from './support/markdown.ts'

// The recipes for WebSockets in docs/cookies.md, as they stand there but for the port.

const own = 'https://api.example.com'
const issuer = await createTestIssuer({ issuer: 'https://id.example.com/', audience: own })
const token = await issuer.sign({ sub: 'alice' })
const folder = `${root}coverage/cookie-recipes`
const blocks = blocksOf('docs/cookies.md')

interface Recipe {
  readonly name: string
  /** What its block has, and no other. */
  readonly having: string
  readonly path: string
  /** What the server sends to alice first, or a part of it. */
  readonly first: string
  /** socket.io ends the connection, and lets no middleware say why. */
  readonly silent?: boolean
}
const recipes: readonly Recipe[] = [
  { name: 'ws', having: "from 'ws'", path: '/', first: 'hello alice' },
  {
    name: 'socket.io',
    having: "from 'socket.io'",
    path: '/socket.io/?EIO=4&transport=websocket',
    first: '"sid"',
    silent: true,
  },
  { name: '@fastify/websocket', having: "from '@fastify/websocket'", path: '/live', first: 'hello alice' },
]

/** What the server says to a handshake: its first message, or the status of its refusal, or that it hung up. */
function handshake(url: string, headers: Record<string, string>): Promise<string | number | undefined> {
  const socket = new WebSocket(url, { headers })
  return new Promise((resolve, reject) => {
    socket.on('unexpected-response', (_request, response) => {
      resolve(response.statusCode)
      response.destroy()
    })
    socket.on('message', (data: Buffer) => {
      resolve(data.toString())
      socket.terminate()
    })
    socket.on('error', (error) => {
      if (error.message === 'socket hang up') resolve(error.message)
      else reject(error)
    })
  })
}

describe.each(recipes)('the recipe for $name', ({ name, having, path, first, silent = false }) => {
  let url: string
  let close = (): unknown => undefined

  beforeAll(async () => {
    vi.stubGlobal('fetch', (url: unknown) =>
      Promise.resolve(Response.json(String(url).includes('/.well-known/') ? issuer.metadata : issuer.jwks)),
    )
    const { code = '' } = blocks.find((block) => block.code.includes(having)) ?? {}
    const file = `${folder}/${name.replaceAll(/\W/g, '-')}.ts`
    mkdirSync(folder, { recursive: true })
    const onAnyPort = code.replace('listen(3000)', "listen(0, '127.0.0.1')").replace('port: 3000', 'port: 0')
    expect(onAnyPort).not.toBe(code)
    writeFileSync(
      file,
      `${onAnyPort}\nexport { ${code.includes('app.listen') ? 'app' : 'server'} as running }\n`,
    )
    const { running } = (await import(file)) as { running: Server | { server: Server; close: () => unknown } }
    const server = 'server' in running ? running.server : running
    if (!server.listening) await new Promise((resolve) => server.once('listening', resolve))
    url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}${path}`
    close = () => {
      server.closeAllConnections()
      running.close()
    }
  })
  afterAll(() => {
    vi.unstubAllGlobals()
    close()
  })

  const cookie = `__Host-token=${token}`

  it('accepts the page of the API', async () => {
    expect(await handshake(url, { cookie, origin: own })).toContain(first)
  })

  it.each([
    ['another site', { origin: 'https://evil.example' }],
    ['another host of the same site', { origin: 'https://blog.example.com' }],
    ['Origin null', { origin: 'null' }],
    ['a program without Origin', {}],
    [
      'another site that claims the own one',
      { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' },
    ],
  ])('refuses %s', async (_title, headers: Record<string, string>) => {
    expect(await handshake(url, { cookie, ...headers })).toBe(silent ? 'socket hang up' : 403)
  })

  it('refuses a page of the API without the cookie', async () => {
    expect(await handshake(url, { origin: own })).toBe(silent ? 'socket hang up' : 401)
  })
})
