import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { createResourceServer } from 'oauth-resource-server'
import { verifyJwt } from 'oauth-resource-server/express'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { oldMiddleware, oldRouter } from './old.js'
import { leaveInfo, mcpRouterOf } from './ours-mcp.js'
import { ourRouter } from './ours.js'

const issuer = await createTestIssuer()
const api = createResourceServer(issuer.options)
const old = { issuer: issuer.issuer, audience: 'https://api.test', jwks: issuer.jwks }
const verify = verifyJwt(api)

const app = express()
app.use('/old', oldRouter(old))
app.use('/mcp', mcpRouterOf(api))
app.use('/new', ourRouter(api))
// The middleware to migrate from still covers the whole application, before or after the new one.
app.use('/before', oldMiddleware(old), ourRouter(api))
app.use('/after', verify, oldMiddleware(old), ourRouter(api))
app.use('/info', verify, leaveInfo, ourRouter(api))

const server = app.listen(0, '127.0.0.1')
await once(server, 'listening')
const { port } = server.address() as AddressInfo
const token = await issuer.sign({ scope: 'read', client_id: 'shop' })

const ours = 'verifyJwt() shop 7 true'
const expected = {
  '/old/orders': 'auth()',
  '/mcp/orders': 'requireBearerAuth() shop',
  '/new/orders/7': ours,
  '/before/orders/7': ours,
  '/after/orders/7': ours,
  '/info/orders/7': ours,
}
try {
  for (const [path, body] of Object.entries(expected)) {
    const url = `http://127.0.0.1:${port}${path}`
    const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
    const received: unknown = response.status === 200 ? await response.json() : response.status
    if (received !== body) throw new Error(`${path} with a token: ${String(received)}`)
    const { status } = await fetch(url)
    if (status !== 401) throw new Error(`${path} without a token: ${status}`)
  }
} finally {
  server.close()
  server.closeAllConnections()
}
