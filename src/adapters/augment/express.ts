import type {} from 'express'
import type { Auth } from 'oauth-resource-server'

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace -- the only way Express's own types can be extended
  namespace Express {
    interface Request {
      /** Who is calling; `undefined` for an anonymous caller. `getAuth(req)` is the safe way to ask. */
      auth?: Auth
    }
  }
}
