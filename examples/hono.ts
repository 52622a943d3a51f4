// OAUTH_ISSUER=https://id.example.com/ OAUTH_AUDIENCE=https://api.example.com node hono.js
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { createResourceServer } from 'oauth-resource-server'
import { protect, requireRole, requireScope } from 'oauth-resource-server/fetch'

const api = createResourceServer()
const app = new Hono()

const me = protect(api)((_request, { subject, scopes }) => Response.json({ subject, scopes: [...scopes] }))

const reports = protect(
  api,
  requireScope('reports:read'),
)((_request, { subject }) => Response.json({ owner: subject, reports: [] }))

const remove = protect(
  api,
  requireRole('admin'),
)((_request, _auth, _id: string) => new Response(null, { status: 204 }))

app.get('/', (c) => c.json({ name: 'reports' }))
app.get('/me', (c) => me(c.req.raw))
app.get('/reports', (c) => reports(c.req.raw))
app.delete('/reports/:id', (c) => remove(c.req.raw, c.req.param('id')))

export const server = serve({ fetch: app.fetch, port: Number(process.env['PORT'] ?? 3000) })
