// OAUTH_ISSUER=https://id.example.com/ OAUTH_AUDIENCE=https://api.example.com node koa.js
import Router from '@koa/router'
import Koa from 'koa'
import { getAuth, requireRole, requireScope, verifyJwt } from 'oauth-resource-server/koa'

const app = new Koa()
const open = new Router()
const router = new Router()

open.get('/', (ctx) => {
  ctx.body = { name: 'reports' }
})

router.get('/me', (ctx) => {
  const { subject, scopes } = getAuth(ctx)
  ctx.body = { subject, scopes: [...scopes] }
})

router.get('/reports', requireScope('reports:read'), (ctx) => {
  ctx.body = { owner: getAuth(ctx).subject, reports: [] }
})

router.delete('/reports/:id', requireRole('admin'), (ctx) => {
  ctx.status = 204
})

app.use(open.routes()).use(verifyJwt()).use(router.routes())

export const server = app.listen(Number(process.env['PORT'] ?? 3000))
