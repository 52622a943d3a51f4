import express from 'express'
import {
  backChannelLogout,
  getAuth,
  protectedResourceMetadata,
  requireRole,
  requireScope,
  verifyJwt,
} from 'oauth-resource-server/express'
import type { MakeApi } from './api.ts'

/** The API on Express. */
export const expressApi: MakeApi = ({ api, list, logout }) => {
  const app = express().disable('x-powered-by')
  app.use(protectedResourceMetadata(api))
  app.get('/public', (_req, res) => {
    res.json({ open: 'to everyone' })
  })
  app.post('/backchannel-logout', backChannelLogout(api, list, logout))

  app.use(verifyJwt(api))

  app.get('/me', (req, res) => {
    res.json(getAuth(req).claims)
  })
  app.get('/reports', requireScope('reports:read'), (_req, res) => {
    res.json(['2025', '2026'])
  })
  app.post('/reports', requireScope('reports:write'), (_req, res) => {
    res.status(201).json({ id: 1 })
  })
  app.delete('/reports/:id', requireRole('admin'), (_req, res) => {
    res.status(204).end()
  })
  // Whoever holds a token may end it.
  app.post('/sign-out', async (req, res) => {
    await list.revoke({ token: getAuth(req) })
    res.status(204).end()
  })
  return app
}
