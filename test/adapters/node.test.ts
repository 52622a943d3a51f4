import { once } from 'node:events'
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createResourceServer } from 'oauth-resource-server'
import { authorize, verifyJwt } from 'oauth-resource-server/express'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { Server as SocketServer } from 'socket.io'
import { describe, expect, it, onTestFinished } from 'vitest'

const issuer = await createTestIssuer({ issuer: 'https://issuer.test/' })
const api = createResourceServer(issuer.options)

async function portOf(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

describe('A6 a handler that throws after a wait', () => {
  it('is an uncaught exception, as without us, and no unhandled rejection', async () => {
    const seen: unknown[] = []
    const caught = new Promise<void>((resolve) => {
      // The test runner listens too: its listeners stand back for as long as the test runs.
      for (const kind of ['uncaughtException', 'unhandledRejection'] as const) {
        const others = process.listeners(kind as 'uncaughtException')
        process.removeAllListeners(kind)
        process.once(kind as 'uncaughtException', (error) => {
          seen.push([kind, error])
          resolve()
        })
        onTestFinished(() => {
          process.removeAllListeners(kind)
          for (const other of others) process.on(kind as 'uncaughtException', other)
        })
      }
    })
    const bug = new Error('a bug of the handler')
    const headers = { authorization: `Bearer ${await issuer.sign()}` }
    const req = { method: 'GET', url: '/', headers, rawHeaders: [] }
    verifyJwt(api)(req as never, {} as never, () => undefined)
    authorize(async () => Promise.resolve(true))(req as never, {} as never, () => {
      throw bug
    })
    await caught
    await new Promise(setImmediate)
    expect(seen).toEqual([['uncaughtException', bug]])
  })
})

describe('A2 a WebSocket upgrade through engine.use()', () => {
  it.each([
    ['accepted with a valid token', 'read', 'upgraded'],
    ['refused without one', undefined, 'closed'],
    ['refused by a guard', 'write', 'closed'],
  ])('is %s', async (_title, scope, expected) => {
    const server = createServer()
    const io = new SocketServer(server)
    io.engine.use(verifyJwt(api))
    io.engine.use(authorize(async ({ scopes }) => Promise.resolve(scopes.has('read'))))
    let connections = 0
    io.engine.on('connection', () => connections++)
    const port = await portOf(server)
    onTestFinished(() => io.close())
    const sent = request({
      port,
      host: '127.0.0.1',
      path: '/socket.io/?EIO=4&transport=websocket',
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        ...(scope === undefined ? {} : { authorization: `Bearer ${await issuer.sign({ scope })}` }),
      },
    }).end()
    // engine.io closes the socket of a refused upgrade: it sends no response there.
    const outcome = await new Promise((resolve) => {
      sent.on('upgrade', (_response, socket) => {
        onTestFinished(() => void socket.destroy())
        resolve('upgraded')
      })
      sent.on('response', ({ statusCode }) => resolve(statusCode))
      sent.on('error', () => resolve('closed'))
    })
    expect([outcome, connections]).toEqual([expected, expected === 'upgraded' ? 1 : 0])
  })
})
