// Takes the fetch adapter on another runtime through every state of its keys: `node keys.mjs RUNTIME PROGRAM`.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { createTestClock, createTestIssuer } from 'oauth-resource-server/testing'
import { startApp } from './keys-start.mjs'

const [runtime, program] = process.argv.slice(2)
const clock = createTestClock(Date.UTC(2030, 0, 1))
const issuer = await createTestIssuer({ issuer: 'https://issuer.test/', clock })

/** The issuer's keys over HTTP: `up`, `down` (503), or `held` until a test lets the responses go. */
const keys = { mode: 'up', asked: 0, held: [] }
const server = createServer((_request, response) => {
  keys.asked += 1
  const send = () => {
    response.setHeader('cache-control', 'max-age=600')
    response.end(JSON.stringify(issuer.jwks))
  }
  if (keys.mode === 'up') send()
  else if (keys.mode === 'held') keys.held.push(send)
  else response.writeHead(503).end()
})
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))

const app = await startApp(runtime, program)
const ask = (path, init) => fetch(`${app.origin}${path}`, { ...init, signal: AbortSignal.timeout(8000) })
const post = async (path, body) => assert.equal((await ask(path, { method: 'POST', body })).status, 200)
const health = async () => Object.values((await (await ask('/health')).json()).issuers)[0]

async function advance(seconds) {
  clock.advance(seconds)
  await post('/now', String(clock.now()))
}

/** Status of a request with a new token, and the milliseconds it took. */
async function request(path, header = {}) {
  const token = await issuer.sign({}, header)
  const begun = performance.now()
  const { status } = await ask(path, { headers: { authorization: `Bearer ${token}` } })
  return { status, ms: performance.now() - begun }
}

async function expectStatus(path, status, what, header) {
  const found = await request(path, header)
  assert.equal(found.status, status, `${runtime}${path}, ${what}: ${JSON.stringify(await health())}`)
  return found
}

/** Waits until something is so. */
async function eventually(what, check) {
  const end = performance.now() + 5000
  while (!(await check())) {
    assert.ok(performance.now() < end, `${what}: ${JSON.stringify(await health())}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function everyState(path) {
  Object.assign(keys, { mode: 'down', asked: 0, held: [] })
  const { port } = server.address()
  await advance(0)
  await post(
    '/start',
    JSON.stringify({
      issuer: issuer.issuer,
      audience: issuer.audience,
      jwksUri: `http://127.0.0.1:${port}/jwks`,
    }),
  )

  await expectStatus(path, 503, 'empty, the issuer is down')
  keys.mode = 'up'
  await advance(120)
  await expectStatus(path, 200, 'empty, the issuer is up')
  assert.equal((await health()).state, 'fresh')

  const { asked } = keys
  await expectStatus(path, 200, 'fresh')
  assert.equal(keys.asked, asked, 'fresh keys are not fetched again')
  await expectStatus(path, 401, 'fresh, unknown key', { kid: 'unknown' })
  await issuer.rotate()
  await expectStatus(path, 200, 'fresh, a new key')

  await refreshing(path)

  keys.mode = 'down'
  await advance(1200)
  assert.equal((await health()).state, 'stale')
  for (let round = 0; round < 3; round++) {
    const { ms } = await expectStatus(path, 200, 'stale, the issuer is down')
    assert.ok(ms < 3000, `stale: ${ms} ms`)
  }
  keys.mode = 'up'
  await advance(120)
  await expectStatus(path, 200, 'stale, the issuer is up')
  await eventually('a stale request refreshes', async () => (await health()).state === 'fresh')

  keys.mode = 'down'
  await advance(10_000)
  assert.equal((await health()).state, 'empty')
  await expectStatus(path, 503, 'empty again, the issuer is down')
  keys.mode = 'up'
  await advance(1000)
  await expectStatus(path, 200, 'empty again, the issuer is up')
}

/** A3: the request that starts a background refresh ends before the fetch settles. */
async function refreshing(path) {
  // A fetch that failed a moment ago, or a forced one, is no longer counted.
  await advance(560)
  assert.equal((await health()).state, 'refreshing')
  keys.mode = 'held'
  const { asked } = keys
  const first = await expectStatus(path, 200, 'refreshing, the first request')
  assert.ok(first.ms < 2000, `refreshing: ${first.ms} ms`)
  if (path === '/kept' || !app.endsWork) {
    await eventually('a refresh begins', () => keys.asked === asked + 1 && keys.held.length === 1)
  }
  for (let round = 0; round < 3; round++) await expectStatus(path, 200, 'refreshing, the next requests')

  keys.mode = 'up'
  for (const send of keys.held.splice(0)) send()
  if (path === '/kept' || !app.endsWork) {
    await eventually('the refresh ends', async () => (await health()).state === 'fresh')
    return
  }
  // The runtime ended the fetch, and its promise never settles: after its time limit it counts as failed. Later
  // requests are served, start fetches of their own, and in the end wait for one of those.
  await advance(10)
  for (let round = 0; round < 3; round++) await expectStatus(path, 200, 'after a refresh that never settled')
  await advance(600)
  for (let round = 0; round < 3; round++) {
    const { ms } = await expectStatus(path, 200, 'stale after a refresh that never settled')
    assert.ok(ms < 3000, `stale: ${ms} ms`)
  }
  await advance(120)
  await expectStatus(path, 200, 'stale, after the pause')
  await eventually('a stale request refreshes', async () => (await health()).state === 'fresh')
  await expectStatus(path, 401, 'unknown key after a refresh that never settled', { kid: 'unknown-2' })
}

try {
  for (const path of ['/kept', '/plain']) await everyState(path)
} finally {
  app.stop()
  server.close()
  server.closeAllConnections()
}
