import type { FastifyInstance } from 'fastify'

/* eslint-disable @typescript-eslint/no-explicit-any -- Fastify's own way to say "any": a server's and route's generics */
type AnyInstance = FastifyInstance<any, any, any, any, any>
/* eslint-enable @typescript-eslint/no-explicit-any */
type Done = (error?: Error) => void
type Hook = (request: object, reply: object, done: Done) => void

/** A plugin with routes of its own. */
export type EndpointPlugin = (app: AnyInstance, options: object, done: Done) => void

/** On every request of the route for logout. Registered globally, so that either build knows the route of the other. */
const isLogout = Symbol.for('oauth-resource-server.fastify-logout')

/**
 * Makes a hook that leaves out the route for logout: the logout token in its form is the proof, and the issuer that
 * sends it has no access token.
 */
export function exceptLogout(hook: Hook): Hook {
  return (request, reply, done) => {
    if (isLogout in request) done()
    else hook(request, reply, done)
  }
}

/** Makes the plugin with the route for back-channel logout. */
export function logoutEndpoint(hook: Hook): EndpointPlugin {
  return (app, _options, done) => {
    // In a context of its own, also where `fastify-plugin` wraps this one: what is set there is for this route alone.
    void app.register((own: AnyInstance, _none, ready) => {
      own.decorateRequest(isLogout, true as never)
      // The handler reads the body itself: within its limits, whatever parsers the application has.
      own.removeAllContentTypeParsers()
      own.addContentTypeParser(
        '*',
        (_request: object, payload: object, parsed: (error: null, body: object) => void) =>
          parsed(null, payload),
      )
      own.post('/', (request, reply) => {
        hook(request, reply, (error) => void reply.send(error))
        return reply
      })
      ready()
    })
    done()
  }
}

/** Makes the plugin with the route for metadata. @param path of the well-known URL */
export function metadataEndpoint(path: string, hook: Hook): EndpointPlugin {
  return (app, _options, done) => {
    rootOf(app).all(routeOf(path), { onRequest: hook }, (_request, reply) => {
      // The router is less exact than the hook, for example about a final slash.
      reply.callNotFound()
    })
    done()
  }
}

/** The instance without a prefix: a well-known URL is never below one. Contexts inherit from the one above them. */
function rootOf(app: AnyInstance): AnyInstance {
  let root = app
  for (let above: unknown = app; isInstance(above); above = Object.getPrototypeOf(above)) root = above
  return root
}

function isInstance(value: unknown): value is AnyInstance {
  return typeof (value as Partial<AnyInstance> | null)?.addHook === 'function'
}

/** The router decodes paths, and takes a single colon for the name of a parameter. */
function routeOf(path: string): string {
  return decodeURI(path).replaceAll(':', '::')
}
