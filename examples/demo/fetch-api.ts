import { createServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { createResourceServer } from 'oauth-resource-server'
import { backChannelLogout, protect, requireRole, requireScope } from 'oauth-resource-server/fetch'
import type { Logout } from './logout.ts'
import { api as audience } from './registrations.ts'
import { running, type Running } from './running.ts'

/** Starts the API as functions of a web-standard request, with the routes of Hono. */
export function startFetchApi(issuer: string, logout: Logout): Promise<Running> {
  const api = createResourceServer({ issuer, audience, clockTolerance: 0, revocation: logout.list })
  const app = new Hono()

  const me = protect(api)((_request, { claims }) => Response.json(claims))
  const reports = protect(api, requireScope('reports:read'))(() => Response.json(['2025', '2026']))
  const remove = protect(api, requireRole('admin'))(() => new Response(null, { status: 204 }))
  const loggedOut = backChannelLogout(api, logout.list, logout.options)

  app.get('/public', (c) => c.json({ open: 'to everyone' }))
  app.post('/backchannel-logout', (c) => loggedOut(c.req.raw))
  app.get('/me', (c) => me(c.req.raw))
  app.get('/reports', (c) => reports(c.req.raw))
  app.delete('/reports/:id', (c) => remove(c.req.raw))

  const server = createServer((request, response) => void getRequestListener(app.fetch)(request, response))
  return running('fetch', server.listen(0, '127.0.0.1'))
}
