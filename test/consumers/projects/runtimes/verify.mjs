import assert from 'node:assert/strict'
import { createResourceServer } from 'oauth-resource-server'
import { verifyJwt } from 'oauth-resource-server/fetch'
import { createTestIssuer } from 'oauth-resource-server/testing'

const issuer = await createTestIssuer({ algorithms: ['RS256', 'PS256', 'ES256', 'ES384', 'ES512', 'EdDSA'] })
const server = await issuer.listen()
const check = verifyJwt(createResourceServer(server.options))
const ask = (token) =>
  check(new Request('https://api.test/', { headers: { authorization: `Bearer ${token}` } }))

for (const alg of issuer.algorithms) {
  const token = await issuer.sign({ sub: alg }, { alg })
  const at = token.length - 10
  const forged = `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`
  assert.equal((await ask(token)).subject, alg)
  assert.equal((await ask(forged)).status, 401, alg)
  assert.equal((await ask(token)).subject, alg, 'from memory')
}
await server.close()
process.exit()
