import express from 'express'
import fastify from 'fastify'
import Koa from 'koa'
import { createResourceServer, InvalidTokenError, isAuthError, type Auth } from 'oauth-resource-server'
import * as forExpress from 'oauth-resource-server/express'
import * as forFastify from 'oauth-resource-server/fastify'
import * as forFetch from 'oauth-resource-server/fetch'
import * as forKoa from 'oauth-resource-server/koa'
import { createTestIssuer } from 'oauth-resource-server/testing'

async function start(): Promise<void> {
  const issuer = await createTestIssuer()
  const api = createResourceServer(issuer.options)

  const expressApp = express()
  expressApp.use(forExpress.verifyJwt(api))
  expressApp.get('/me', forExpress.requireScope('profile'), (req, res) => {
    const auth = forExpress.getAuth(req)
    const subject: string | undefined = auth.subject
    // @ts-expect-error no such member: the caller has the library's own type
    void auth.nonsense
    // @ts-expect-error the adapter declares no global types
    void req.auth
    res.json({ subject, scopes: [...auth.scopes] })
  })

  const fastifyApp = fastify()
  await fastifyApp.register(forFastify.verifyJwt, issuer.options)
  fastifyApp.get<{ Params: { id: string } }>(
    '/users/:id',
    { onRequest: forFastify.requireRole('admin') },
    async (request) => {
      const subject: string | undefined = forFastify.getAuth(request).subject
      // @ts-expect-error the adapter declares no global types
      void request.auth
      return { subject, id: request.params.id }
    },
  )
  await fastifyApp.ready()

  const koaApp = new Koa()
  koaApp.use(forKoa.verifyJwt(api))
  koaApp.use(forKoa.requireAnyScope('profile', 'email'))
  koaApp.use((ctx) => {
    const auth: Auth = forKoa.getAuth(ctx)
    ctx.body = { subject: auth.subject }
  })

  const handle = forFetch.protect(
    api,
    forFetch.requireScope('profile'),
  )((_request, auth) => {
    const expiresAt: Date = auth.expiresAt
    return Response.json({ expiresAt, subject: auth.subject })
  })
  const token = await issuer.sign({ scope: 'profile' })
  const response = await handle(
    new Request('https://api.test/me', { headers: { authorization: `Bearer ${token}` } }),
  )
  if (response.status !== 200) throw new Error(`answered ${response.status}`)

  // @ts-expect-error an API without an audience would accept every API's tokens
  const unsafe = (): unknown => createResourceServer({ issuer: issuer.issuer })
  void unsafe

  const error: unknown = await api.verify(await issuer.sign({ exp: 1 })).catch((cause: unknown) => cause)
  if (!isAuthError(error) || !(error instanceof InvalidTokenError)) throw new Error('accepted what expired')
  const reason: 'expired' = error.reason === 'expired' ? error.reason : never()
  console.log(reason)
}

function never(): never {
  throw new Error('refused for the wrong reason')
}

start().catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
