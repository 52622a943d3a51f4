import { createResourceServer, type ResourceServer, type RevocationList } from 'oauth-resource-server'
import { revocationList } from 'oauth-resource-server/redis'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { clients, type Connected, describeRedis, redisServer, type RedisServer } from '../support/redis.ts'
import { verdict } from '../support/tokens.ts'

const issuer = await createTestIssuer({ algorithms: ['EdDSA'] })

describeRedis('follow mode', () => {
  let server: RedisServer
  let first: Connected
  let second: Connected
  const lists: RevocationList[] = []
  beforeEach(async () => {
    server = await redisServer()
    await server.start()
    first = (await clients['redis 6']?.(server.port)) as Connected
    second = (await clients['ioredis 6']?.(server.port)) as Connected
  })
  afterEach(async () => {
    for (const list of lists.splice(0)) list.close()
    first.close()
    second.close()
    await server.remove()
    vi.restoreAllMocks()
  })

  function follower(
    connected: Connected,
    options: object = {},
  ): { list: RevocationList; api: ResourceServer } {
    const list = revocationList(connected.client, { follow: { within: 2 }, timeoutMs: 1000, ...options })
    lists.push(list)
    return { list, api: createResourceServer({ ...issuer.options, revocation: list }) }
  }
  const use = async (api: ResourceServer, token: string): Promise<string> => verdict(api.verify(token))
  const evals = (): number =>
    Number(/cmdstat_eval:calls=(\d+)/.exec(server.command('info', 'commandstats'))?.[1] ?? 0)
  const until = async (api: ResourceServer, token: string, expected: string): Promise<number> => {
    const start = performance.now()
    await vi.waitFor(async () => expect(await use(api, token)).toBe(expected), {
      timeout: 5000,
      interval: 10,
    })
    return (performance.now() - start) / 1000
  }

  it('FEE-1 refuses here at once, and elsewhere within a second, without a round trip per request', async () => {
    const [one, two] = [follower(first), follower(second)]
    await Promise.all([one.api.ready(), two.api.ready()])
    const token = await issuer.sign({ sub: 'alice' })
    const before = evals()
    for (let count = 0; count < 200; count += 1) expect(await use(one.api, token)).toBe('200')
    expect(evals() - before).toBeLessThan(20)
    await one.list.revoke({ subject: 'alice' })
    expect(await use(one.api, token)).toBe('401 revoked')
    expect(await until(two.api, token, '401 revoked')).toBeLessThan(1)
  })

  it('knows every earlier entry before it decides from memory, and asks Redis until then', async () => {
    const exact = revocationList(first.client, { maxInFlight: 5000, timeoutMs: 5000 })
    const tokens = await Promise.all(
      Array.from({ length: 1100 }, async (_, index) => issuer.sign({ jti: `t${index}` })),
    )
    await Promise.all(tokens.slice(1).map(async (_, index) => exact.revoke({ jti: `t${index + 1}` })))
    const { api } = follower(second)
    expect(await use(api, String(tokens[1090]))).toBe('401 revoked')
    await api.ready()
    const results = await Promise.all(tokens.map(async (token) => use(api, token)))
    expect(results.filter((result) => result === '401 revoked')).toHaveLength(1099)
    expect(results[0]).toBe('200')
  })

  it('FEE-1 asks Redis directly when the feed is silent for too long, and is 503 when that does not answer', async () => {
    const { api } = follower(first, { follow: { within: 1 }, timeoutMs: 100 })
    await api.ready()
    const token = await issuer.sign()
    const revoked = await issuer.sign({ jti: 'known' })
    await lists[0]?.revoke({ jti: 'known' })
    server.hang()
    expect(await use(api, token)).toBe('200')
    expect(await until(api, token, '503 unavailable')).toBeLessThan(1.5)
    expect(await use(api, revoked)).toBe('401 revoked')
    server.goOn()
    expect(await until(api, token, '200')).toBeLessThan(1)
  })

  it('FEE-1 notices an empty restart, keeps what it knows, and says so', async () => {
    const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    const { list, api } = follower(first)
    await api.ready()
    await list.revoke({ jti: 'kept' })
    await list.ready()
    const [kept, fresh] = [await issuer.sign({ jti: 'kept' }), await issuer.sign({ jti: 'fresh' })]
    await server.kill()
    await server.start('--appendonly', 'no')
    await vi.waitFor(
      () =>
        expect(warnings.mock.calls.map(([, options]) => options)).toEqual([
          { code: 'OAUTH_REVOCATIONS_LOST' },
        ]),
      { timeout: 5000 },
    )
    expect(await use(api, kept)).toBe('401 revoked')
    const other = revocationList(second.client)
    // Its client connects again in its own time.
    await vi.waitFor(async () => other.revoke({ jti: 'fresh' }), { timeout: 5000 })
    await until(api, fresh, '401 revoked')
    expect(warnings).toHaveBeenCalledOnce()
  })

  it('STO-1 follows again after a crash and a restart', async () => {
    const { api } = follower(first)
    await api.ready()
    await server.kill()
    await server.start()
    const token = await issuer.sign({ jti: 'later' })
    await vi.waitFor(async () => revocationList(second.client).revoke({ jti: 'later' }), { timeout: 5000 })
    await until(api, token, '401 revoked')
  })

  it('FEE-1 does not trust a feed with a record that it cannot read: it asks Redis about every token', async () => {
    const { api } = follower(first, { follow: { within: 1 } })
    await api.ready()
    server.command('xadd', '{oauth}:changes', '*', 'entry', 'nonsense')
    await new Promise((resolve) => setTimeout(resolve, 1300))
    const token = await issuer.sign({ jti: 'direct' })
    const before = evals()
    expect(await use(api, token)).toBe('200')
    expect(evals()).toBeGreaterThan(before)
    await revocationList(second.client).revoke({ jti: 'direct' })
    expect(await use(api, token)).toBe('401 revoked')
  })

  it('asks Redis about every token when there are more entries than memory takes', async () => {
    const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    const exact = revocationList(second.client)
    for (const jti of ['a', 'b', 'c']) await exact.revoke({ jti })
    const { list, api } = follower(first, { max: 2 })
    await api.ready()
    expect(warnings.mock.calls.map(([, options]) => options)).toContainEqual({
      code: 'OAUTH_REVOCATIONS_FULL',
    })
    for (const jti of ['a', 'b', 'c']) expect(await use(api, await issuer.sign({ jti }))).toBe('401 revoked')
    expect(await use(api, await issuer.sign())).toBe('200')
    await list.revoke({ jti: 'd' })
    expect(await use(api, await issuer.sign({ jti: 'd' }))).toBe('401 revoked')
  })

  it('FEE-1 notices an empty restart, also where nothing was revoked that it had read', async () => {
    const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    const { api } = follower(first)
    await api.ready()
    await server.kill()
    await server.start('--appendonly', 'no')
    await vi.waitFor(
      () =>
        expect(warnings.mock.calls.map(([, options]) => options)).toEqual([
          { code: 'OAUTH_REVOCATIONS_LOST' },
        ]),
      { timeout: 5000 },
    )
    const token = await issuer.sign({ jti: 'next' })
    await revocationList(second.client).revoke({ jti: 'next' })
    await until(api, token, '401 revoked')
  })

  it('FEE-1 follows entries for as long as it needs them, written by a list for shorter tokens', async () => {
    const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    const now = { seconds: Date.now() / 1000 }
    const { api } = follower(first, { tokenLifetime: 3600, now: () => now.seconds * 1000 })
    await api.ready()
    const short = revocationList(second.client, { tokenLifetime: 60 })
    await short.revoke({ subject: 'alice' })
    const iat = Math.floor(now.seconds)
    const token = await issuer.sign({ sub: 'alice', iat, exp: iat + 3600 })
    await until(api, token, '401 revoked')
    now.seconds += 3500
    expect(await use(api, token)).toBe('401 revoked')
    expect(warnings).not.toHaveBeenCalled()
  })

  it('trims the stream by the longest life of an entry', async () => {
    const list = revocationList(first.client, { tokenLifetime: 60 })
    const old = String(Date.now() - 700_000)
    const script = "for i = 1, 300 do redis.call('xadd', KEYS[1], ARGV[1]..'-'..i, 'entry', '[]') end"
    server.command('eval', script, '1', '{oauth}:changes', old)
    await list.revoke({ jti: 'a' })
    expect(Number(server.command('xlen', '{oauth}:changes'))).toBeLessThan(201)
    expect(Number(server.command('pttl', '{oauth}:changes'))).toBeLessThanOrEqual(660_000)
  })
})
