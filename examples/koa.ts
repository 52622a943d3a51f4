// OAUTH_ISSUER=https://id.example.com/ OAUTH_AUDIENCE=https://api.example.com node koa.js
import Router from '@koa/router'
import Koa from 'koa'
import { requireRole, requireScope, verifyJwt } from 'oauth-resource-server/koa'

const app = new Koa()
const open = new Router()
const router = new Router()

open.get('/', (ctx) => {
  ctx.body = { name: 'reports' }
})

router.get('/me', (ctx) => {
  ctx.body = { subject: ctx.state.auth.subject, scopes: [...ctx.state.auth.scopes] }
})

router.get('/reports', requireScope('reports:read'), (ctx) => {
  ctx.body = { owner: ctx.state.auth.subject, reports: [] }
})

router.delete('/reports/:id', requireRole('admin'), (ctx) => {
  ctx.status = 204
})

app.use(open.routes()).use(verifyJwt()).use(router.routes())

export const server = app.listen(Number(process.env['PORT'] ?? 3000))
