import { type Handler, Router } from 'express'
import { auth, requiredScopes } from 'express-oauth2-jwt-bearer'

export interface Issuer {
  readonly issuer: string
  readonly audience: string
  readonly jwks: { keys: { kty: string }[] }
}

/** The middleware to migrate from. */
export function oldMiddleware({ issuer, audience, jwks }: Issuer): Handler {
  return auth({ issuer, audience, publicKey: jwks })
}

/** A router that is not migrated yet. */
export function oldRouter(issuer: Issuer): Router {
  const router = Router()
  router.use(oldMiddleware(issuer))
  router.get('/orders', requiredScopes('read'), (_req, res) => void res.json('auth()'))
  return router
}
