import fastify from 'fastify'
import {
  backChannelLogout,
  getAuth,
  protectedResourceMetadata,
  requireRole,
  requireScope,
  verifyJwt,
} from 'oauth-resource-server/fastify'
import type { MakeApi } from './api.ts'

/** The API on Fastify. */
export const fastifyApi: MakeApi = async ({ api, list, logout }) => {
  const app = fastify()
  await app.register(protectedResourceMetadata(api))
  app.get('/public', () => ({ open: 'to everyone' }))
  await app.register(backChannelLogout(api, list, logout), { prefix: '/backchannel-logout' })

  // Everything registered in this context is protected, and nothing outside it.
  await app.register(async (secured) => {
    await secured.register(verifyJwt, { api })

    secured.get('/me', (request) => getAuth(request).claims)
    secured.get('/reports', { onRequest: requireScope('reports:read') }, () => ['2025', '2026'])
    secured.post('/reports', { onRequest: requireScope('reports:write') }, (_request, reply) =>
      reply.code(201).send({ id: 1 }),
    )
    secured.delete('/reports/:id', { onRequest: requireRole('admin') }, (_request, reply) =>
      reply.code(204).send(),
    )
    // Whoever holds a token may end it.
    secured.post('/sign-out', async (request, reply) => {
      await list.revoke({ token: getAuth(request) })
      return reply.code(204).send()
    })
  })

  await app.ready()
  return (request, response) => app.routing(request, response)
}
