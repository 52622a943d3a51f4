import { createResourceServer } from 'oauth-resource-server'
import { protect } from 'oauth-resource-server/fetch'

let now = 0
let api
let handle

/**
 * An API for any runtime of web-standard servers, whose clock a test moves over HTTP.
 *
 * | path      | what it does                                                       |
 * |-----------|--------------------------------------------------------------------|
 * | `/start`  | makes a resource server of the options in the body                 |
 * | `/now`    | sets the clock to the milliseconds in the body                     |
 * | `/health` | `api.health()`                                                     |
 * | `/kept`   | protected; background work may outlive the request (`waitUntil`)   |
 * | `/plain`  | protected; the runtime may end all work together with the request  |
 */
export async function app(request, _environment, context) {
  switch (new URL(request.url).pathname) {
    case '/start':
      api = createResourceServer({ ...(await request.json()), now: () => now })
      handle = protect(api)((_request, auth) => new Response(auth.subject))
      return new Response()
    case '/now':
      now = Number(await request.text())
      return new Response()
    case '/health':
      return Response.json(api.health())
    case '/kept':
      return handle(request, context ?? standIn)
    default:
      return handle(request)
  }
}

/** For runtimes that never end work by themselves: `waitUntil` is called as a method, or this fails. */
const standIn = {
  kept: [],
  waitUntil(work) {
    this.kept.push(work)
  },
}
