// OAUTH_ISSUER=https://id.example.com/ OAUTH_AUDIENCE=https://api.example.com node fastify.js
import fastify from 'fastify'
import { requireRole, requireScope, verifyJwt } from 'oauth-resource-server/fastify'

const app = fastify()

app.get('/', () => ({ name: 'reports' }))

// The plugin covers the context it is registered in: `/` stays open.
await app.register(async (api) => {
  await api.register(verifyJwt)

  api.get('/me', ({ auth }) => ({ subject: auth.subject, scopes: [...auth.scopes] }))

  api.get('/reports', { onRequest: requireScope('reports:read') }, ({ auth }) => ({
    owner: auth.subject,
    reports: [],
  }))

  api.delete('/reports/:id', { onRequest: requireRole('admin') }, (_request, reply) => reply.code(204).send())
})

await app.listen({ port: Number(process.env['PORT'] ?? 3000) })

export const server = app.server
