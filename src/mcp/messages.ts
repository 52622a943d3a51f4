import { InvalidRequestError } from 'oauth-resource-server'

/** Bytes of a body that are read; the SDK itself reads as many. */
const maxBytes = 4 * 1024 * 1024

/** A request of Express, Koa (`ctx`), Fastify or a fetch server, as far as it is read here. */
interface AnyRequest {
  readonly method?: string
  readonly headers?: unknown
  readonly body?: unknown
  readonly request?: AnyRequest
  readonly req?: AnyRequest
  readonly clone?: () => Request
}

/**
 * The JSON-RPC messages in the body of a request; none for methods without a body. A web `Request` is read from a copy,
 * so that the transport reads it after us; the other frameworks must have parsed it.
 *
 * @throws {TypeError} where a framework has not parsed the body
 * @throws {InvalidRequestError} for a body that is too long; where a framework parses it, for one that is not JSON by its
 * type, is neither an object nor a list, or is not there
 */
export async function messagesOf(request: unknown): Promise<readonly unknown[]> {
  const given = Object(request) as AnyRequest
  if ((given.method ?? given.req?.method) !== 'POST') return []
  const body = typeof given.clone === 'function' ? await bodyOf(given.clone()) : parsedBody(given)
  return Array.isArray(body) ? (body as unknown[]) : [body]
}

/** The body that a parser left. Of a type they do not know, some leave an empty object. */
function parsedBody(request: AnyRequest): object {
  // On Koa `ctx.body` is the response.
  const { body } = request.request ?? request
  // Bytes are not parsed: read as a message they would call no tool.
  const isParsed = body !== undefined && !(body instanceof Uint8Array)
  const isObject = isParsed && typeof body === 'object' && body !== null
  if (isObject && (isJson(request) || Object.keys(body).length > 0)) return body
  if (isParsed || !isJson(request) || !hasBody(request)) {
    const hint = `the parsed body is ${body === null ? 'null' : typeof body}, and the message must be an object or a list; a parser of text is not enough`
    throw new InvalidRequestError('The body of the request must be a JSON-RPC message', {
      detail: { ...(isParsed && !isObject && { hint }) },
    })
  }
  throw new TypeError(
    'toolScopes: the body is not parsed; put express.json() (Koa: a body parser) before the guard, and use preHandler on Fastify',
  )
}

function isJson(request: AnyRequest): boolean {
  const [type = ''] = String(headerOf(request, 'content-type')).split(';', 1)
  return type.trim().toLowerCase() === 'application/json'
}

/** RFC 9112 §6.3: without either header, a request has no body. */
function hasBody(request: AnyRequest): boolean {
  return (
    headerOf(request, 'transfer-encoding') !== undefined || Number(headerOf(request, 'content-length')) > 0
  )
}

async function bodyOf(copy: Request): Promise<unknown> {
  const reader = copy.body?.getReader()
  if (reader === undefined) return undefined
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    bytes += value.byteLength
    if (bytes > maxBytes) {
      reader.cancel().catch(() => undefined)
      throw new InvalidRequestError('The body of the request is too long')
    }
    text += decoder.decode(value, { stream: true })
  }
  try {
    return JSON.parse(text + decoder.decode()) as unknown
  } catch {
    // The transport refuses it.
    return undefined
  }
}

function headerOf(request: AnyRequest, name: string): unknown {
  const headers = Object(request.headers ?? request.req?.headers) as {
    get?: (name: string) => string | null
    readonly [name: string]: unknown
  }
  return typeof headers.get === 'function' ? (headers.get(name) ?? undefined) : headers[name]
}

/** The value of the header `Mcp-Session-Id`. @throws {InvalidRequestError} when it is there twice */
export function sessionIdOf(request: unknown): string | undefined {
  const value = headerOf(Object(request) as AnyRequest, 'mcp-session-id')
  if (value === undefined) return undefined
  // Node and web headers join what is sent twice; a session id has no comma (visible ASCII, made by the server).
  if (typeof value !== 'string' || value.includes(',')) {
    throw new InvalidRequestError('The session was sent more than once')
  }
  return value
}
