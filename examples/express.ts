// OAUTH_ISSUER=https://id.example.com/ OAUTH_AUDIENCE=https://api.example.com node express.js
import express from 'express'
import { getAuth, requireRole, requireScope, verifyJwt } from 'oauth-resource-server/express'

const app = express()

app.get('/', (_req, res) => {
  res.json({ name: 'reports' })
})

app.use(verifyJwt())

app.get('/me', (req, res) => {
  const { subject, scopes } = getAuth(req)
  res.json({ subject, scopes: [...scopes] })
})

app.get('/reports', requireScope('reports:read'), (req, res) => {
  res.json({ owner: getAuth(req).subject, reports: [] })
})

app.delete('/reports/:id', requireRole('admin'), (_req, res) => {
  res.status(204).end()
})

export const server = app.listen(Number(process.env['PORT'] ?? 3000))
