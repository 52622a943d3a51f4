import type {} from 'koa'
import type { Auth } from 'oauth-resource-server'

declare module 'koa' {
  interface DefaultState {
    /** Who is calling; `undefined` for an anonymous caller. `getAuth(ctx)` is the safe way to ask. */
    auth?: Auth
  }
}
