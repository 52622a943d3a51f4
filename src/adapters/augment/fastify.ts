import type {} from 'fastify'
import type { Auth } from 'oauth-resource-server'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who is calling; `undefined` for an anonymous caller. `getAuth(request)` is the safe way to ask. */
    auth?: Auth
  }
}
