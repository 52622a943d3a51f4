import { createResourceServer } from 'oauth-resource-server'
import { protect, requireScope } from 'oauth-resource-server/fetch'

/** The whole worker: the options arrive as text, since nothing else is shared with the outside. */
globalThis.start = (options) =>
  protect(
    createResourceServer(JSON.parse(options)),
    requireScope('read'),
  )((_request, auth) => new Response(auth.subject))
