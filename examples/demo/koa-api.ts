import Router from '@koa/router'
import Koa from 'koa'
import { createResourceServer } from 'oauth-resource-server'
import { backChannelLogout, getAuth, requireRole, requireScope, verifyJwt } from 'oauth-resource-server/koa'
import { api as audience } from './registrations.ts'
import { running, type Running } from './running.ts'
import type { Logout } from './logout.ts'

/** Starts the API on Koa. */
export function startKoaApi(issuer: string, logout: Logout): Promise<Running> {
  const api = createResourceServer({ issuer, audience, clockTolerance: 0, revocation: logout.list })
  const app = new Koa()
  const open = new Router()
  const secured = new Router()

  open.get('/public', (ctx) => {
    ctx.body = { open: 'to everyone' }
  })

  secured.get('/me', (ctx) => {
    ctx.body = getAuth(ctx).claims
  })
  secured.get('/reports', requireScope('reports:read'), (ctx) => {
    ctx.body = ['2025', '2026']
  })
  secured.delete('/reports/:id', requireRole('admin'), (ctx) => {
    ctx.status = 204
  })

  open.post('/backchannel-logout', backChannelLogout(api, logout.list, logout.options))

  app.use(open.routes())
  app.use(verifyJwt(api))
  app.use(secured.routes())

  return running('Koa', app.listen(0, '127.0.0.1'))
}
