import express from 'express'
import { createResourceServer } from 'oauth-resource-server'
import {
  backChannelLogout,
  getAuth,
  requireRole,
  requireScope,
  verifyJwt,
} from 'oauth-resource-server/express'
import { api as audience } from './registrations.ts'
import { running, type Running } from './running.ts'
import type { Logout } from './logout.ts'

/** Starts the API on Express. */
export function startExpressApi(issuer: string, logout: Logout): Promise<Running> {
  const api = createResourceServer({ issuer, audience, clockTolerance: 0, revocation: logout.list })
  const app = express()

  app.get('/public', (_req, res) => {
    res.json({ open: 'to everyone' })
  })

  app.post('/backchannel-logout', backChannelLogout(api, logout.list, logout.options))

  app.use(verifyJwt(api))

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
