import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { boundToken, dpopClient, dpopHeaders, resource } from '../support/dpop.ts'
import { describeRedis, redisServer, type RedisServer } from '../support/redis.ts'
import type { ProcessOptions } from './dpop-process.ts'

const issuer = await createTestIssuer({ algorithms: ['EdDSA'] })
const audience = 'https://api.test'

/** Starts one process of the API. @returns it, with its URL */
async function started(redisPort: number, secret: string): Promise<{ child: ChildProcess; url: string }> {
  const { issuer: name, jwks } = issuer
  const options: ProcessOptions = { issuer: name, jwks, audience, resource, redisPort, secret }
  const child = fork(new URL('./dpop-process.ts', import.meta.url), [JSON.stringify(options)], {
    execArgv: ['--import', 'tsx'],
    cwd: new URL('../..', import.meta.url),
  })
  const [port] = (await once(child, 'message')) as [number]
  return { child, url: `http://127.0.0.1:${port}` }
}

describeRedis('two processes of an API with DPoP', () => {
  let redis: RedisServer
  let two: Awaited<ReturnType<typeof started>>[]
  beforeAll(async () => {
    redis = await redisServer()
    await redis.start()
    const secret = randomBytes(32).toString('base64')
    two = await Promise.all([1, 2].map(() => started(redis.port, secret)))
  })
  afterAll(async () => {
    for (const { child } of two) child.disconnect()
    await redis.remove()
  })

  /** Calls a path of one of the two processes in turn. */
  async function call(path: string, turn: number, token: string, proof: string): Promise<Response> {
    const response = await fetch(`${String(two[turn % 2]?.url)}${path}`, {
      headers: dpopHeaders(token, proof),
    })
    await response.text()
    return response
  }

  it('DPP-22 DPP-25 accept one proof once, of 1,000 at once', async () => {
    const client = dpopClient(Date.now)
    const token = await boundToken(issuer, client)
    const proof = (): string => client.proof(token, { claims: { htu: `${resource}/once` } })
    const one = proof()
    const use = async (sent: string, turn: number): Promise<string> => {
      const { status, headers } = await call('/once', turn, token, sent)
      return `${status} ${/error="([^"]*)"/.exec(headers.get('www-authenticate') ?? '')?.[1] ?? ''}`
    }
    expect(await Promise.all([0, 1].map((turn) => use(proof(), turn)))).toEqual(['200 ', '200 '])
    const outcomes = await Promise.all(Array.from({ length: 1000 }, (_, turn) => use(one, turn)))
    expect(outcomes.filter((outcome) => outcome === '200 ')).toHaveLength(1)
    expect(outcomes.filter((outcome) => outcome === '401 invalid_dpop_proof')).toHaveLength(999)
    expect(await use(proof(), 0)).toBe('200 ')
  })

  it('DPP-27 want a nonce once, of a client with 1,000 requests over 3 rotations', async () => {
    let ahead = 0
    const client = dpopClient(() => Date.now() + ahead)
    const token = await boundToken(issuer, client, { exp: Math.floor(Date.now() / 1000) + 3600 })
    const statuses: Record<string, number> = {}
    const nonces = new Set<string>()
    let nonce: string | undefined
    for (let sent = 0; sent < 1000; sent += 1) {
      // 50 times 20 seconds: three whole lives of a nonce.
      if (sent % 20 === 0) {
        ahead += 20_000
        await Promise.all(
          two.map(({ child }) => {
            child.send(ahead)
            return once(child, 'message')
          }),
        )
      }
      const proof = client.proof(token, { claims: { nonce, htu: `${resource}/nonces` } })
      const response = await call('/nonces', sent, token, proof)
      statuses[response.status] = (statuses[response.status] ?? 0) + 1
      nonce = response.headers.get('dpop-nonce') ?? nonce
      nonces.add(nonce ?? '')
    }
    expect(statuses).toEqual({ 200: 999, 401: 1 })
    expect(nonces.size).toBeGreaterThan(3)
  })
})
