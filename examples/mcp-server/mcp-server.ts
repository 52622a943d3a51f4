import type { RequestListener } from 'node:http'
import { toNodeHandler } from '@modelcontextprotocol/node'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import express from 'express'
import { createResourceServer, revocationList } from 'oauth-resource-server'
import { authorize, getAuth, protectedResourceMetadata, verifyJwt } from 'oauth-resource-server/express'
import { authInfo, toolScopes } from 'oauth-resource-server/mcp'

/** The scopes that each tool needs. */
const needed = { list_reports: 'reports:read', delete_report: ['reports:read', 'reports:write'] }

const mcp = createMcpHandler(() => {
  const server = new McpServer({ name: 'reports', version: '1.0.0' })
  for (const tool of Object.keys(needed)) {
    server.registerTool(tool, { description: `The tool ${tool}` }, ({ http }) => ({
      content: [{ type: 'text', text: `${tool} for ${String(http?.authInfo?.extra?.['subject'])}` }],
    }))
  }
  return server
})

/**
 * A protected MCP server.
 *
 * @param resource its URL, as users give it to their client
 * @param now the time, in milliseconds
 */
export function mcpServer(resource: string, issuer: string, now = Date.now): RequestListener {
  const revocation = revocationList()
  const api = createResourceServer({
    issuer,
    audience: resource,
    resource,
    challengeScopes: ['reports:read'],
    revocation,
    now,
  })
  const handle = toNodeHandler(mcp)
  const app = express()
  app.use(protectedResourceMetadata(api, { scopesSupported: ['reports:read', 'reports:write'] }))
  app.use('/mcp', verifyJwt(api), express.json({ limit: '4mb' }))
  app.all('/mcp', authorize(toolScopes(needed)), (req, res) =>
    handle(Object.assign(req, { auth: authInfo(getAuth(req)) }), res, req.body),
  )
  // Revokes the token that it is called with.
  app.post('/logout', verifyJwt(api), async (req, res) => {
    await revocation.revoke({ token: getAuth(req) })
    res.sendStatus(204)
  })
  return app
}
