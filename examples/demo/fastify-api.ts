import fastify from 'fastify'
import { createResourceServer } from 'oauth-resource-server'
import {
  backChannelLogout,
  getAuth,
  requireRole,
  requireScope,
  verifyJwt,
} from 'oauth-resource-server/fastify'
import { api as audience } from './registrations.ts'
import { running, type Running } from './running.ts'
import type { Logout } from './logout.ts'

/** Starts the API on Fastify. */
export async function startFastifyApi(issuer: string, logout: Logout): Promise<Running> {
  const api = createResourceServer({ issuer, audience, clockTolerance: 0, revocation: logout.list })
  const app = fastify()

  app.get('/public', () => ({ open: 'to everyone' }))

  const told = backChannelLogout(api, logout.list, logout.options)
  await app.register(told, { prefix: '/backchannel-logout' })

  // Everything registered in this context is protected, and nothing outside it.
  await app.register(async (secured) => {
    await secured.register(verifyJwt, { api })

    secured.get('/me', (request) => getAuth(request).claims)
    secured.get('/reports', { onRequest: requireScope('reports:read') }, () => ['2025', '2026'])
    secured.delete('/reports/:id', { onRequest: requireRole('admin') }, (_request, reply) =>
      reply.code(204).send(),
    )
  })

  await app.listen({ port: 0, host: '127.0.0.1' })
  return running('Fastify', app.server)
}
