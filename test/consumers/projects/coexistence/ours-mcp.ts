import type { AuthInfo } from '@modelcontextprotocol/sdk/server/auth/types.js'
import type { RequestHandler } from 'express'
import type { Auth, ResourceServer } from 'oauth-resource-server'
import { getAuth } from 'oauth-resource-server/express'
import { mcpRouter } from './mcp.js'

/** The SDK's middleware with our verification. */
export const mcpRouterOf = (api: ResourceServer) =>
  mcpRouter({ verifyAccessToken: async (token) => infoOf(await api.verify(token)) })

/** What an MCP server puts behind `verifyJwt()`, since the SDK's transports read `req.auth`. */
export const leaveInfo: RequestHandler = (req, _res, next) => {
  req.auth = infoOf(getAuth(req))
  next()
}

function infoOf({ token, clientId = '', scopes, expiresAt }: Auth): AuthInfo {
  return { token, clientId, scopes: [...scopes], expiresAt: expiresAt.getTime() / 1000 }
}
