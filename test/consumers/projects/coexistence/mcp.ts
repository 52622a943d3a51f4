import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js'
import type { OAuthTokenVerifier } from '@modelcontextprotocol/sdk/server/auth/provider.js'
import type { AuthInfo } from '@modelcontextprotocol/sdk/server/auth/types.js'
import { Router } from 'express'

/** A router behind the MCP SDK's own middleware. */
export function mcpRouter(verifier: OAuthTokenVerifier): Router {
  const router = Router()
  router.use(requireBearerAuth({ verifier, requiredScopes: ['read'] }))
  router.get('/orders', (req, res) => {
    const info: AuthInfo | undefined = req.auth
    // @ts-expect-error the type of the MCP SDK alone
    void req.auth?.scheme
    res.json(`requireBearerAuth() ${String(info?.clientId)}`)
  })
  return router
}
