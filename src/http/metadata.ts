import type { HttpRequest, HttpResponse } from '../types.ts'
import { firstHeader } from './headers.ts'

/** Responds to a request for the metadata; `undefined` for every other request. */
export type MetadataHandler = (request: HttpRequest) => HttpResponse | undefined

/** Metadata, ready to be served. */
export interface Published {
  /** The path of the metadata. */
  readonly path: string
  readonly respond: MetadataHandler
}

/** Makes the handler of a document, and the path that it responds to. */
export function publication(document: { readonly resource: string }): Published {
  const respond = metadataHandler(document.resource, JSON.stringify(document))
  return { path: new URL(metadataUrl(document.resource)).pathname, respond }
}

const suffix = '/.well-known/oauth-protected-resource'

/**
 * The URL of the metadata of a resource: the well-known path stands between its host and its path (RFC 9728 §3.1). A
 * slash that is the whole path is left out; every other one is kept, as is the query.
 */
export function metadataUrl(resource: string): string {
  const { origin, pathname, search } = new URL(resource)
  const path = pathname === '/' ? '' : pathname
  // A challenge cannot contain a backslash, which a URL may have in its query.
  return `${origin}${suffix}${path}${search.replaceAll('\\', '%5C')}`
}

/**
 * Makes the handler of the metadata of one resource. Only the path of the request, and the query where the resource has
 * one, decide whether it is meant: the path as the client sent it, before any router changed it.
 *
 * @param document as JSON text
 */
export function metadataHandler(resource: string, document: string): MetadataHandler {
  const { pathname, search } = new URL(metadataUrl(resource))
  const length = String(new TextEncoder().encode(document).length)
  const found: HttpResponse = {
    status: 200,
    headers: {
      ...open,
      'Cache-Control': 'max-age=3600',
      'Content-Type': 'application/json',
      'Content-Length': length,
    },
    body: document,
  }
  return (request) => {
    if (!isTarget(request, pathname, search)) return undefined
    const { method: current = 'GET', originalMethod: method = current } = request
    if (method === 'GET' || method === 'HEAD') return found
    return method === 'OPTIONS' ? preflight(request) : wrongMethod
  }
}

function isTarget({ url = '', originalUrl = url }: HttpRequest, path: string, search: string): boolean {
  // Compared before anything is cut: nearly every request is for something else.
  if (!originalUrl.includes(path)) return false
  const [target = ''] = originalUrl.split('#', 1)
  const start = target.indexOf('?')
  const query = start === -1 ? '' : target.slice(start)
  const before = start === -1 ? target : target.slice(0, start)
  return withoutOrigin(before) === path && (search === '' || query === search)
}

/** A web `Request`, and a request to a proxy, have the whole URL. The host in it decides nothing. */
function withoutOrigin(target: string): string {
  return target.replace(/^https?:\/\/[^/]*/i, '')
}

const methods = 'GET, HEAD, OPTIONS'

/** Every page may read the metadata: it is public. */
const open = { 'Access-Control-Allow-Origin': '*' } as const

const wrongMethod: HttpResponse = {
  status: 405,
  headers: { ...open, Allow: methods, 'Cache-Control': 'no-store', 'Content-Type': 'application/json' },
  body: JSON.stringify({
    error: 'method_not_allowed',
    error_description: 'The metadata can only be read',
  }),
}

const headerNames = /^[\w!#$%&'*+.^`|~, \t-]{1,4096}$/

/** Any header may be sent. `*` would not stand for Authorization (Fetch, "CORS protocol"), so the names are repeated. */
function preflight(request: HttpRequest): HttpResponse {
  const asked = firstHeader(request, 'access-control-request-headers') ?? ''
  const allowed = headerNames.test(asked) ? asked : '*'
  return {
    status: 204,
    headers: {
      ...open,
      Allow: methods,
      'Access-Control-Allow-Methods': methods,
      'Access-Control-Allow-Headers': allowed,
      'Access-Control-Max-Age': '3600',
      Vary: 'Access-Control-Request-Headers',
    },
    body: '',
  }
}
