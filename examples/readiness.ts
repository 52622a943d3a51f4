// OAUTH_ISSUER=https://id.example.com/ OAUTH_AUDIENCE=https://api.example.com node readiness.js
import express from 'express'
import { createResourceServer } from 'oauth-resource-server'
import { getAuth, requireScope, verifyJwt } from 'oauth-resource-server/express'

const api = createResourceServer()
const app = express()

// Not for the public: it names your issuers. Liveness must not depend on it, or an issuer's failure restarts you.
app.get('/ready', async (_req, res) => {
  // Fetches only where no keys are usable, so that an instance nobody calls becomes ready by itself.
  await api.ready().catch(() => undefined)
  const { ready, issuers } = api.health()
  const shown = Object.entries(issuers).map(([issuer, { state, ageSeconds, lastError }]) => ({
    issuer,
    state,
    ageSeconds,
    lastError,
  }))
  res
    .status(ready ? 200 : 503)
    .set('Cache-Control', 'no-store')
    .json({ ready, issuers: shown })
})

app.use(verifyJwt(api))

app.get('/reports', requireScope('reports:read'), (req, res) => {
  res.json({ owner: getAuth(req).subject, reports: [] })
})

export const server = app.listen(Number(process.env['PORT'] ?? 3000))
