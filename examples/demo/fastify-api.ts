import fastify from 'fastify'
import { getAuth, requireRole, requireScope, verifyJwt } from 'oauth-resource-server/fastify'
import { api } from './registrations.ts'
import { running, type Running } from './running.ts'

/** Starts the API on Fastify. */
export async function startFastifyApi(issuer: string): Promise<Running> {
  const app = fastify()

  app.get('/public', () => ({ open: 'to everyone' }))

  // Everything registered in this context is protected, and nothing outside it.
  await app.register(async (secured) => {
    await secured.register(verifyJwt, { issuer, audience: api, clockTolerance: 0 })

    secured.get('/me', (request) => getAuth(request).claims)
    secured.get('/reports', { onRequest: requireScope('reports:read') }, () => ['2025', '2026'])
    secured.delete('/reports/:id', { onRequest: requireRole('admin') }, (_request, reply) =>
      reply.code(204).send(),
    )
  })

  await app.listen({ port: 0, host: '127.0.0.1' })
  return running('Fastify', app.server)
}
