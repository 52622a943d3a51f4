/* One process of an API with DPoP, whose replay store and nonces are shared with the others. Its parent is a test. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { Redis } from 'ioredis'
import type { JwkSet } from 'oauth-resource-server'
import { verifyJwt } from 'oauth-resource-server/express'
import { replayStore } from 'oauth-resource-server/redis'

/** What the parent passes. */
export interface ProcessOptions {
  readonly issuer: string
  readonly audience: string
  readonly jwks: JwkSet
  readonly resource: string
  readonly redisPort: number
  /** Of the nonces that are wanted under `/nonces`. */
  readonly secret: string
}

/** How far its clock is ahead. Milliseconds. */
let ahead = 0

const { redisPort, secret, ...options } = JSON.parse(process.argv[2] ?? '') as ProcessOptions
const replay = replayStore(new Redis(redisPort, '127.0.0.1'), { timeoutMs: 10_000 })
const now = (): number => Date.now() + ahead
const app = express()
app.use('/nonces', verifyJwt({ ...options, now, dpop: { replay, nonce: { secret, lifetime: 300 } } }))
app.use('/once', verifyJwt({ ...options, now, dpop: { replay } }))
app.use((_req, res) => void res.send('ok'))
const server = createServer(app).listen(0, '127.0.0.1', 1024, () => {
  process.send?.((server.address() as AddressInfo).port)
})
process.on('message', (milliseconds: number) => {
  ahead = milliseconds
  process.send?.('ahead')
})
// The test is over.
process.once('disconnect', () => process.exit())
