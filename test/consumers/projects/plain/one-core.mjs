// One core per format, whichever subpaths are mixed; and the two formats understand each other.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { startApis, subpaths } from './scenario.cjs'

const require = createRequire(import.meta.url)
const esm = {}
const cjs = {}
for (const [name, path] of subpaths()) {
  esm[name] = await import(path)
  cjs[name] = require(path)
  assert.deepEqual(Object.keys(cjs[name]).sort(), Object.keys(esm[name]).sort(), `${path} differs by format`)
}
assert.notEqual(esm.index.AuthError, cjs.index.AuthError)

const issuer = await esm.testing.createTestIssuer()
const good = { authorization: `Bearer ${await issuer.sign({ scope: 'read' })}` }
const scopeless = { authorization: `Bearer ${await issuer.sign()}` }
const expired = { authorization: `Bearer ${await issuer.sign({ scope: 'read', exp: 1 })}` }

for (const [core, adapters] of [
  [esm, esm],
  [cjs, cjs],
  [esm, cjs],
  [cjs, esm],
]) {
  const api = core.index.createResourceServer({ ...issuer.options, onError: 'throw' })
  const handedToExpress = await new Promise((resolve) => {
    adapters.express.verifyJwt(api)({ method: 'GET', url: '/', headers: expired }, {}, resolve)
  })
  const thrown = await api.verify(await issuer.sign({ exp: 1 })).catch((error) => error)
  for (const error of [handedToExpress, thrown]) {
    assert.ok(error instanceof core.index.InvalidTokenError)
    assert.ok(error instanceof core.index.AuthError)
    assert.ok(esm.index.isAuthError(error) && cjs.index.isAuthError(error))
  }
  await answers(adapters, core.index.createResourceServer(issuer.options))
}

// Adapters of both formats in one application: a guard answers in the name of whatever verified the request.
for (const [verifying, guarding] of [
  [esm, cjs],
  [cjs, esm],
]) {
  const mixed = Object.fromEntries(
    ['express', 'fastify', 'koa', 'fetch'].map((name) => [
      name,
      { ...verifying[name], requireScope: guarding[name].requireScope },
    ]),
  )
  await answers(mixed, verifying.index.createResourceServer(issuer.options))
}

async function answers(adapters, api) {
  const { apis, close } = await startApis(adapters, api)
  try {
    for (const [name, send] of Object.entries(apis)) {
      assert.equal((await send(good)).status, 200, name)
      assert.equal((await send(expired)).status, 401, name)
      assert.equal((await send(scopeless)).status, 403, name)
    }
  } finally {
    await close()
  }
}
