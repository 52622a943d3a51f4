import { inspect } from 'node:util'
import { ReplyError } from 'ioredis'
import { createResourceServer, explain, UpstreamError } from 'oauth-resource-server'
import { revocationList } from 'oauth-resource-server/redis'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { pino } from 'pino'
import { ClientClosedError, ErrorReply } from 'redis'
import { describe, expect, it } from 'vitest'
import { factsOf, safeCause } from '../../src/lib/safe-cause.ts'

const canary = 'canary-3f9c'
const url = `redis://user:${canary}@redis.test:6379`

/** Errors as clients make them, each with something that no log may have. */
const shapes: readonly (readonly [string, unknown, RegExp])[] = [
  [
    'ioredis, a reply with its command',
    Object.assign(new (ReplyError as ErrorConstructor)(`WRONGPASS invalid ${canary}`), {
      command: { name: 'eval', args: ['return 1', '1', `oauth:{r}jti:${canary}`] },
    }),
    /ReplyError WRONGPASS: user name or password/,
  ],
  [
    'ioredis, an unknown command with its arguments',
    Object.assign(
      new (ReplyError as ErrorConstructor)(`ERR unknown command, with args beginning with: '${canary}'`),
      {
        previousErrors: [new Error(canary)],
      },
    ),
    /ReplyError ERR: Redis did not run the script/,
  ],
  [
    'redis, a reply',
    new ErrorReply(`NOPERM this user has no permissions to access '${canary}'`),
    /NOPERM: the user/,
  ],
  [
    'the system',
    Object.assign(new Error(`connect ECONNREFUSED ${url}`), { code: 'ECONNREFUSED', address: canary, url }),
    /Error ECONNREFUSED: nothing listens there/,
  ],
  [
    'several addresses',
    new AggregateError([new Error(url)], canary, { cause: new Error(url) }),
    /the call failed, AggregateError$/m,
  ],
  [
    'valkey-glide',
    Object.assign(new Error(`${canary}: timed out`), { name: 'RequestError', stack: `${canary}\n    at x` }),
    /RequestError/,
  ],
  [
    'an HTTP client',
    Object.assign(new Error(canary), {
      name: 'AxiosError',
      code: 'ERR_BAD_REQUEST',
      config: { url, headers: { Authorization: `Bearer ${canary}` } },
      request: { [canary]: canary },
      toJSON: () => ({ canary }),
    }),
    /AxiosError ERR_BAD_REQUEST/,
  ],
  ['a message that looks like a stack', new Error(`x\n    at ${canary}`), /the call failed, Error$/m],
  ['a name that is none', Object.assign(new Error('x'), { name: canary, code: `E ${canary}` }), /Error$/m],
  ['a text', canary, /Error$/m],
  [
    'redis, a client that nobody connected',
    new ClientClosedError(),
    /ClientClosedError: the client is not connected/,
  ],
  [
    'a class that is no name of an error',
    new (class Secret extends Error {})(canary),
    /call failed, Error$/m,
  ],
]

/** Everything that a log may write of an error. */
function written(error: unknown): string {
  const lines: string[] = []
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) })
  log.error(error)
  log.error({ err: error, cause: (error as Error).cause })
  const values = [error, (error as Error).cause]
  return [
    ...lines,
    ...values.map((value) => inspect(value, { depth: 9, showHidden: true, getters: false })),
    ...values.flatMap((value) => [JSON.stringify(value), String(value), (value as Error).stack]),
    JSON.stringify((error as UpstreamError).detail),
    explain(error),
    explain((error as Error).cause),
  ].join('\n')
}

const issuer = await createTestIssuer({ algorithms: ['EdDSA'] })
const token = await issuer.sign({ jti: canary })

describe.each(shapes)('the error of %s', (_title, thrown, facts) => {
  it('is told without anything that no log may have, for a list on Redis', async () => {
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- as clients do
    const fails = (): Promise<never> => Promise.reject(thrown)
    const list = revocationList({ eval: fails, sendCommand: fails, call: fails })
    const api = createResourceServer({ ...issuer.options, revocation: list })
    const failures = [api.verify(token), list.revoke({ jti: canary }), api.ready()]
    for (const error of (await Promise.allSettled(failures)).map(
      (it) => (it as PromiseRejectedResult).reason as unknown,
    )) {
      expect(error).toBeInstanceOf(UpstreamError)
      expect(written(error)).not.toContain(canary)
      expect(explain(error)).toMatch(/^unavailable: .*revocation list: the call failed, /)
      expect((error as UpstreamError).detail.hint).toMatch(facts)
      expect((error as Error).cause).toHaveProperty('original', thrown)
    }
  })

  it('is told without it, for a function of the application', async () => {
    const isRevoked = (): never => {
      throw thrown
    }
    const api = createResourceServer({ ...issuer.options, revocation: { isRevoked } })
    const error: unknown = await api.verify(token).catch((it: unknown) => it)
    expect(written(error)).not.toContain(canary)
    expect(explain(error)).toMatch(
      /nobody can tell whether the token was revoked: isRevoked failed, \w*Error/,
    )
  })
})

describe('the cause of a 503', () => {
  it('says where the error was thrown', () => {
    const cause = safeCause(new RangeError('x'))
    expect(cause.stack).toMatch(/^RangeError: RangeError\n {4}at .*safe-cause\.test\.ts/)
    expect(cause).toMatchObject({ name: 'RangeError', message: 'RangeError' })
  })

  it('is an error too where nothing can be read', () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    expect(safeCause(proxy)).toBeInstanceOf(Error)
    expect(factsOf(proxy)).toBe('Error')
  })
})
