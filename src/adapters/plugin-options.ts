import { asResourceServer, type ResourceServerLike } from 'oauth-resource-server'

/**
 * Finds or makes the resource server that the options of a plugin name.
 *
 * @param misuse makes the error for options that are wrong
 * @throws {TypeError} for options of a resource server beside `api`, and for a resource server in place of options
 */
export function apiOf(options: object, misuse: (message: string) => TypeError): object {
  // Options that Fastify adds to those of every plugin.
  const { prefix: _1, logLevel: _2, logSerializers: _3, api, ...rest } = options as Record<string, unknown>
  if (typeof rest['authenticate'] === 'function' && typeof rest['refuse'] === 'function') {
    throw misuse('verifyJwt: pass a resource server as { api }: app.register(verifyJwt, { api })')
  }
  if (api === undefined) return asResourceServer(rest)
  const [name] = Object.keys(rest)
  if (name !== undefined) throw misuse(`${name}: belongs to the resource server; pass it to api`)
  return asResourceServer(api as ResourceServerLike)
}
