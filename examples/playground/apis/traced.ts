import type { IncomingMessage, RequestListener } from 'node:http'
import { type ResourceServer, role, scope } from 'oauth-resource-server'
import { type RequestTrace, traceOf } from 'oauth-resource-server/testing'
import { callHeader } from '../parties.ts'
import { asOneRequest } from './replay.ts'

/** Is told the trace of a call. @param id from the header that names the call */
export type TellTrace = (id: string, trace: RequestTrace) => void

/** The guards of the routes, for the trace alone. What a route really does shows in its response. */
const guards = {
  'GET /reports': scope('reports:read'),
  'POST /reports': scope('reports:write'),
  'DELETE /reports/1': role('admin'),
}

/**
 * Before a call gets to the API, has the core verify it once more and say every check on the way. Requests that name no
 * call, and `GET /public`, which checks nothing, go through as they are.
 */
export function traced(api: ResourceServer, listener: RequestListener, tell: TellTrace): RequestListener {
  return (request, response) => {
    const id = request.headers[callHeader]
    const route = routeOf(request)
    if (typeof id !== 'string' || route === 'GET /public') {
      listener(request, response)
      return
    }
    const guard = Object.hasOwn(guards, route) ? [guards[route as keyof typeof guards]] : []
    asOneRequest(async () => {
      tell(id, await traceOf(api, request, ...guard))
      listener(request, response)
    }).catch((error: unknown) => response.destroy(error as Error))
  }
}

function routeOf({ method = '', url = '' }: IncomingMessage): string {
  return `${method} ${url.split('?')[0] ?? ''}`
}
