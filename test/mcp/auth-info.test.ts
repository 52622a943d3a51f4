import { createResourceServer } from 'oauth-resource-server'
import { authInfo } from 'oauth-resource-server/mcp'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { expect, it } from 'vitest'

const issuer = await createTestIssuer({ algorithms: ['EdDSA'] })
const resource = 'https://api.test/mcp'

it('is what the SDK calls AuthInfo', async () => {
  const token = await issuer.sign({ sub: 'alice', scope: 'reports:read', roles: ['clerk'] })
  const auth = await createResourceServer({ ...issuer.options, resource }).verify(token)
  expect(authInfo(auth)).toEqual({
    token,
    clientId: 'client-1',
    scopes: ['reports:read'],
    expiresAt: auth.claims.exp,
    resource: new URL(resource),
    extra: { issuer: issuer.issuer, subject: 'alice', roles: ['clerk'], claims: auth.claims },
  })
})

it('has no resource where none is set, and an empty client where the token names none', async () => {
  const token = await issuer.sign({ client_id: undefined, sub: undefined })
  const info = authInfo(await createResourceServer(issuer.options).verify(token))
  expect(info).toMatchObject({ clientId: '', extra: { roles: [] } })
  expect(info).not.toHaveProperty('resource')
  expect(info.extra).not.toHaveProperty('subject')
})

it('rounds the expiry down to seconds, and shares no list with the caller', async () => {
  const auth = await createResourceServer(issuer.options).verify(await issuer.sign())
  const { expiresAt, scopes, extra } = authInfo({ ...auth, expiresAt: new Date(1999) })
  expect(expiresAt).toBe(1)
  scopes.push('admin')
  extra.roles.push('admin')
  expect([auth.scopes.has('admin'), auth.roles.has('admin')]).toEqual([false, false])
})
