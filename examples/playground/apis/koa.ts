import Router from '@koa/router'
import Koa from 'koa'
import {
  backChannelLogout,
  getAuth,
  protectedResourceMetadata,
  requireRole,
  requireScope,
  verifyJwt,
} from 'oauth-resource-server/koa'
import type { MakeApi } from './api.ts'

/** The API on Koa. */
export const koaApi: MakeApi = ({ api, list, logout }) => {
  const app = new Koa()
  const open = new Router()
  const secured = new Router()

  open.get('/public', (ctx) => {
    ctx.body = { open: 'to everyone' }
  })
  open.post('/backchannel-logout', backChannelLogout(api, list, logout))

  secured.get('/me', (ctx) => {
    ctx.body = getAuth(ctx).claims
  })
  secured.get('/reports', requireScope('reports:read'), (ctx) => {
    ctx.body = ['2025', '2026']
  })
  secured.post('/reports', requireScope('reports:write'), (ctx) => {
    ctx.status = 201
    ctx.body = { id: 1 }
  })
  secured.delete('/reports/:id', requireRole('admin'), (ctx) => {
    ctx.status = 204
  })
  // Whoever holds a token may end it.
  secured.post('/sign-out', async (ctx) => {
    await list.revoke({ token: getAuth(ctx) })
    ctx.status = 204
  })

  app.use(protectedResourceMetadata(api))
  app.use(open.routes())
  app.use(verifyJwt(api))
  app.use(secured.routes())

  const listener = app.callback()
  return (request, response) => void listener(request, response)
}
