import express from 'express'
import { getAuth, requireRole, requireScope, verifyJwt } from 'oauth-resource-server/express'

export const app = express()

app.use(verifyJwt({ issuer: 'https://login.example.com/', audience: 'https://api.example.com' }))

app.get('/me', (req, res) => {
  res.json({ subject: getAuth(req).subject })
})
app.get('/reports', requireScope('reports:read'), (_req, res) => {
  res.json([])
})
app.delete('/reports/:id', requireRole('admin'), (_req, res) => {
  res.status(204).end()
})
