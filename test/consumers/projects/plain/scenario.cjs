// What every consumer must get from the library, whichever way it was loaded.
const assert = require('node:assert/strict')
const { once } = require('node:events')
const { createServer } = require('node:http')
const express = require('express')
const fastify = require('fastify')
const Koa = require('koa')

/**
 * Starts one API per adapter, each with `/reports` behind the scope `read`.
 *
 * @param options of the resource server, or one that is made already
 */
async function startApis(library, options) {
  const expressApp = express()
  expressApp.use(library.express.verifyJwt(options))
  expressApp.get('/reports', library.express.requireScope('read'), (req, res) =>
    res.json({ subject: req.auth.subject }),
  )

  const fastifyApp = fastify()
  fastifyApp.register(library.fastify.verifyJwt, 'verify' in options ? { api: options } : options)
  fastifyApp.get('/reports', { onRequest: library.fastify.requireScope('read') }, async (request) => ({
    subject: request.auth.subject,
  }))

  const koaApp = new Koa()
  koaApp.use(library.koa.verifyJwt(options))
  koaApp.use(library.koa.requireScope('read'))
  koaApp.use((ctx) => {
    ctx.body = { subject: ctx.state.auth.subject }
  })

  const handle = library.fetch.protect(
    options,
    library.fetch.requireScope('read'),
  )((_request, auth) => Response.json({ subject: auth.subject }))

  const expressServer = createServer(expressApp).listen(0, '127.0.0.1')
  const koaServer = createServer(koaApp.callback()).listen(0, '127.0.0.1')
  await Promise.all([once(expressServer, 'listening'), once(koaServer, 'listening')])
  const fastifyUrl = await fastifyApp.listen({ port: 0, host: '127.0.0.1' })
  const over = (url) => (headers) => fetch(`${url}/reports`, { headers })
  const urlOf = (server) => `http://127.0.0.1:${server.address().port}`

  return {
    apis: {
      express: over(urlOf(expressServer)),
      fastify: over(fastifyUrl),
      koa: over(urlOf(koaServer)),
      fetch: (headers) => handle(new Request('https://api.test/reports', { headers })),
    },
    close: async () => {
      for (const server of [expressServer, koaServer]) {
        server.close()
        server.closeAllConnections()
      }
      await fastifyApp.close()
    },
  }
}

/**
 * Verifies real tokens by keys that a real HTTP server publishes, first with the core and then with every adapter.
 *
 * @param library subpath names to what they export
 */
async function verifyTokens(library) {
  const issuer = await library.testing.createTestIssuer({ algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'] })
  const server = await issuer.listen()
  try {
    const api = library.index.createResourceServer(server.options)
    for (const alg of issuer.algorithms) {
      const auth = await api.verify(await issuer.sign({ scope: 'read write' }, { alg }))
      assert.equal(auth.subject, 'user-1')
      assert.deepEqual([...auth.scopes], ['read', 'write'])
    }
    const refused = await api.verify(await issuer.sign({ exp: 1 })).catch((error) => error)
    assert.ok(refused instanceof library.index.InvalidTokenError)
    assert.equal(refused.reason, 'expired')

    const good = { authorization: `Bearer ${await issuer.sign({ scope: 'read' })}` }
    const scopeless = { authorization: `Bearer ${await issuer.sign()}` }
    const { apis, close } = await startApis(library, server.options)
    try {
      for (const [name, send] of Object.entries(apis)) {
        const accepted = await send(good)
        assert.equal(accepted.status, 200, name)
        assert.deepEqual(await accepted.json(), { subject: 'user-1' }, name)
        assert.equal((await send({})).status, 401, name)
        assert.equal((await send(scopeless)).status, 403, name)
      }
    } finally {
      await close()
    }
  } finally {
    await server.close()
  }
}

/** Names of the library's subpaths, as its `exports` give them: `.` is `index`. */
function subpaths() {
  const { exports } = require('oauth-resource-server/package.json')
  return Object.keys(exports)
    .filter((path) => path !== './package.json')
    .map((path) => [path === '.' ? 'index' : path.slice(2), `oauth-resource-server${path.slice(1)}`])
}

module.exports = { startApis, subpaths, verifyTokens }
