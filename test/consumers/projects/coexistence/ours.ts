import { Router } from 'express'
import type { Auth, ResourceServer } from 'oauth-resource-server'
import { authorize, getAuth, getOptionalAuth, requireScope, verifyJwt } from 'oauth-resource-server/express'

/** A router that is migrated. */
export function ourRouter(api: ResourceServer): Router {
  const router = Router()
  router.use(verifyJwt(api))
  const mayRead = authorize((auth, req) => auth.scopes.has('read') && req.method === 'GET')
  router.get('/orders/:id', requireScope('read'), mayRead, (req, res) => {
    const auth: Auth = getAuth(req)
    const optional: Auth | undefined = getOptionalAuth(req)
    const id: string = req.params.id
    res.json(`verifyJwt() ${String(auth.clientId)} ${id} ${String(optional === auth)}`)
  })
  return router
}
