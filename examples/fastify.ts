// OAUTH_ISSUER=https://id.example.com/ OAUTH_AUDIENCE=https://api.example.com node fastify.js
import fastify from 'fastify'
import { getAuth, requireRole, requireScope, verifyJwt } from 'oauth-resource-server/fastify'

const app = fastify()

app.get('/', () => ({ name: 'reports' }))

// The plugin covers the context it is registered in: `/` stays open.
await app.register(async (api) => {
  await api.register(verifyJwt)

  api.get('/me', (request) => {
    const { subject, scopes } = getAuth(request)
    return { subject, scopes: [...scopes] }
  })

  api.get('/reports', { onRequest: requireScope('reports:read') }, (request) => ({
    owner: getAuth(request).subject,
    reports: [],
  }))

  api.delete('/reports/:id', { onRequest: requireRole('admin') }, (_request, reply) => reply.code(204).send())
})

await app.listen({ port: Number(process.env['PORT'] ?? 3000) })

export const server = app.server
