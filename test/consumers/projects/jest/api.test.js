const express = require('express')
const { verifyJwt, requireScope } = require('oauth-resource-server/express')
const { createTestIssuer } = require('oauth-resource-server/testing')

let issuer
let server
let url

beforeAll(async () => {
  issuer = await createTestIssuer()
  const app = express()
  app.use(verifyJwt(issuer.options))
  app.get('/reports', requireScope('reports:read'), (req, res) => res.json({ subject: req.auth.subject }))
  server = await new Promise((resolve) => {
    const listening = app.listen(0, '127.0.0.1', () => resolve(listening))
  })
  url = `http://127.0.0.1:${server.address().port}/reports`
})

afterAll(() => new Promise((resolve) => server.close(resolve)))

test('answers a caller who may read reports', async () => {
  const token = await issuer.sign({ scope: 'reports:read' })
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
  expect(response.status).toBe(200)
  expect(await response.json()).toEqual({ subject: 'user-1' })
})

test('refuses a caller who may not', async () => {
  const token = await issuer.sign({ scope: 'reports:write' })
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
  expect(response.status).toBe(403)
  expect(response.headers.get('www-authenticate')).toContain('scope="reports:read"')
})

test('refuses a caller without a token', async () => {
  expect((await fetch(url)).status).toBe(401)
})
