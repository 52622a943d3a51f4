// Bundles a handler as a Worker's build would, and runs it where nothing of Node's own is in reach.
import assert from 'node:assert/strict'
import { builtinModules } from 'node:module'
import { createContext, runInContext } from 'node:vm'
import { build } from 'esbuild'
import { createTestIssuer } from 'oauth-resource-server/testing'

const { metafile, outputFiles } = await build({
  entryPoints: ['handler.js'],
  bundle: true,
  format: 'iife',
  platform: 'browser',
  conditions: ['workerd', 'worker', 'browser'],
  write: false,
  metafile: true,
})
const [{ text }] = outputFiles
const inputs = Object.keys(metafile.inputs)
assert.ok(inputs.some((file) => file.endsWith('oauth-resource-server/dist/platform-web.js')))
assert.ok(!inputs.some((file) => file.includes('platform-node')))
const imported = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path))
assert.deepEqual(imported, [])
assert.ok(!text.includes('node:'), 'an import of Node is left')
for (const name of builtinModules) assert.ok(!text.includes(`require("${name}")`), `${name} is left`)

// What every maintained Worker has; Uint8Array too, since Node's own functions hand out bytes of the outer realm.
const webGlobals =
  `AbortController AbortSignal Headers Request Response TextDecoder TextEncoder URL Uint8Array
  atob btoa clearTimeout crypto performance queueMicrotask setTimeout structuredClone`.split(/\s+/)
const worker = createContext(Object.fromEntries(webGlobals.map((name) => [name, globalThis[name]])))
runInContext(text, worker)

for (const alg of ['RS256', 'PS256', 'ES256', 'EdDSA']) {
  const issuer = await createTestIssuer({ algorithms: [alg] })
  const { audience, jwks } = issuer
  const handle = worker.start(JSON.stringify({ issuer: issuer.issuer, audience, jwks }))
  const send = (token) =>
    handle(new Request('https://api.test/', { headers: { authorization: `Bearer ${token}` } }))

  const accepted = await send(await issuer.sign({ scope: 'read' }))
  assert.equal(accepted.status, 200, `${alg}: ${accepted.headers.get('www-authenticate')}`)
  assert.equal(await accepted.text(), 'user-1')
  assert.equal((await send(await issuer.sign({ scope: 'read', exp: 1 }))).status, 401)
  assert.equal((await send(await issuer.sign())).status, 403)
  const stranger = await createTestIssuer({ algorithms: [alg] })
  assert.equal((await send(await stranger.sign({ scope: 'read' }))).status, 401)
}
