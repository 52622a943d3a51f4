import express from 'express'
import { getAuth, requireRole, requireScope, verifyJwt } from 'oauth-resource-server/express'
import { api } from './registrations.ts'
import { running, type Running } from './running.ts'

/** Starts the API on Express. */
export function startExpressApi(issuer: string): Promise<Running> {
  const app = express()

  app.get('/public', (_req, res) => {
    res.json({ open: 'to everyone' })
  })

  app.use(verifyJwt({ issuer, audience: api, clockTolerance: 0 }))

  app.get('/me', (req, res) => {
    res.json(getAuth(req).claims)
  })
  app.get('/reports', requireScope('reports:read'), (_req, res) => {
    res.json(['2025', '2026'])
  })
  app.delete('/reports/:id', requireRole('admin'), (_req, res) => {
    res.status(204).end()
  })

  return running('Express', app.listen(0, '127.0.0.1'))
}
