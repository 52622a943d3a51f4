// Tenants bring issuers of their own; whoever is not in the table is never contacted.
import express from 'express'
import { getAuth, requireScope, verifyJwt } from 'oauth-resource-server/express'

const tenants = new Map([
  ['https://one.example.com/', { audience: 'https://api.example.com' }],
  ['https://two.example.com/', { audience: 'urn:api', jwksUri: 'https://two.example.com/keys' }],
])

const app = express()

app.use(
  verifyJwt({
    issuers: (iss) => {
      const tenant = tenants.get(iss)
      return tenant && { issuer: iss, ...tenant }
    },
    realm: 'https://api.example.com',
  }),
)

app.get('/reports', requireScope('reports:read'), (req, res) => {
  const { issuer, subject } = getAuth(req)
  res.json({ tenant: issuer, owner: subject, reports: [] })
})

export const server = app.listen(Number(process.env['PORT'] ?? 3000))
