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

describe('what is told of an error', () => {
  it.each([
    ['NOAUTH', 'the client sends no password: set it in the URL or options of the client'],
    ['WRONGPASS', 'user name or password of the client is wrong'],
    ['NOPERM', 'the user of the client may not run EVAL, or not on these keys: give it both'],
    ['READONLY', 'the client is connected to a replica: connect it to the primary'],
    ['OOM', 'the memory of Redis is full: raise maxmemory'],
    ['MISCONF', 'Redis cannot write to its disk, and takes no writes'],
    ['LOADING', 'Redis loads its data: it is tried again by itself'],
    ['MASTERDOWN', 'the primary is down: it is tried again by itself'],
    ['CLUSTERDOWN', 'the cluster is down: it is tried again by itself'],
    ['MOVED', 'Redis is a cluster: use a client for clusters'],
    ['CROSSSLOT', 'Redis is a cluster: use a client for clusters'],
    ['ERR', 'Redis did not run the script: use Redis 6.2, Valkey, or newer'],
  ])('is the reply %s, in the message or as code, with what to do', (code, fix) => {
    expect(factsOf(new Error(`${code} ${canary}`))).toBe(`Error ${code}: ${fix}`)
    expect(factsOf(Object.assign(new Error(canary), { code }))).toBe(`Error ${code}: ${fix}`)
  })

  it.each([
    ['ECONNREFUSED', /^nothing listens there: check host and port; .*container itself$/],
    ['ENOTFOUND', /^the host name cannot be found: check it, and DNS$/],
    ['ECONNRESET', /^the connection was closed: it is tried again by itself$/],
    ['ETIMEDOUT', /^nothing came back: check firewall and network$/],
  ])('is the code %s of the system, which no message has', (code, fix) => {
    const facts = factsOf(Object.assign(new Error(canary), { code }))
    expect(facts.slice(0, `Error ${code}: `.length)).toBe(`Error ${code}: `)
    expect(facts.slice(`Error ${code}: `.length)).toMatch(fix)
    expect(factsOf(new Error(`${code} ${canary}`))).toBe('Error')
  })

  class NamedError extends Error {}
  class LeakError {
    readonly leak = canary
  }
  class ErrorOfAlice extends Error {}
  const classWithList = Object.defineProperty(class extends Error {}, 'name', { value: ['OddError'] })
  it.each<[string, unknown, string]>([
    ['the name of the class', new NamedError('x'), 'NamedError'],
    ['the name it has itself', Object.assign(new Error('x'), { name: 'MyError' }), 'MyError'],
    ['no name after other text', Object.assign(new Error('x'), { name: `${canary} Error` }), 'Error'],
    ['no name before other text', Object.assign(new Error('x'), { name: `Error ${canary}` }), 'Error'],
    ['a name of 64 letters', Object.assign(new Error('x'), { name: 'A'.repeat(64) }), 'A'.repeat(64)],
    ['no longer name', Object.assign(new Error('x'), { name: 'A'.repeat(65) }), 'Error'],
    ['no name that is a list', Object.assign(new Error('x'), { name: ['RangeError'] }), 'Error'],
    ['no class of another kind', new LeakError(), 'Error'],
    ['no class that only begins like one', new ErrorOfAlice('x'), 'Error'],
    ['no class whose name is a list', new classWithList('x'), 'Error'],
    [
      'a code without a class',
      Object.assign(Object.create(null) as object, { code: 'EPIPE' }),
      'Error EPIPE',
    ],
    ['a code with a digit', Object.assign(new Error('x'), { code: 'HTTP_400' }), 'Error HTTP_400'],
    ['no code that is a list', Object.assign(new Error('x'), { code: ['EPIPE'] }), 'Error'],
    ['no code after other text', Object.assign(new Error('x'), { code: 'alice EPIPE' }), 'Error'],
    ['no code before other text', Object.assign(new Error('x'), { code: 'EPIPE alice' }), 'Error'],
    ['its name where its message is no text', { name: 'RangeError', message: 7 }, 'RangeError'],
    ['nothing of a text', `NOAUTH ${canary}`, 'Error'],
    ['nothing of undefined', undefined, 'Error'],
  ])('is %s', (_what, error, facts) => {
    expect(factsOf(error)).toBe(facts)
  })
})

describe('the stack of a cause', () => {
  const stackOf = (...lines: readonly string[]): string | undefined =>
    safeCause(Object.assign(new Error('secret'), { stack: ['Error: secret', ...lines].join('\n') })).stack

  it('has the frames of the error, and no other line', () => {
    expect(
      stackOf(
        '    at run (file:///srv/app/a-b.js:1:2)',
        'secret',
        'x    at secret (a.js:1:2)',
        '    at secret (a.js:1:2) "secret"',
        '    at async /srv/app/c.js:3:4',
      ),
    ).toBe('Error: Error\n    at run (file:///srv/app/a-b.js:1:2)\n    at async /srv/app/c.js:3:4')
  })

  it('has no line of the message, though it looks like a frame', () => {
    const message = 'x\n    at secret (a.js:1:2)'
    const error = Object.assign(new Error(message), { stack: `Error: ${message}\n    at run (b.js:3:4)` })
    expect(safeCause(error).stack).toBe('Error: Error\n    at run (b.js:3:4)')
  })

  it('has ten frames at most, of 300 characters', () => {
    const frames = Array.from({ length: 12 }, (_, index) => `    at run (${'a'.repeat(400)}${index})`)
    expect(stackOf(...frames)).toBe(
      `Error: Error${frames
        .slice(0, 10)
        .map((line) => `\n${line.slice(0, 300)}`)
        .join('')}`,
    )
  })

  it.each([
    ['is no text', { stack: 7, message: 'secret' }],
    ['does not have the message', { stack: 'other\n    at run (a.js:1:2)', message: 'secret' }],
    ['is that of a message that is no text', { stack: 'Error: 7\n    at run (a.js:1:2)', message: 7 }],
  ])('has no frame where the one of the error %s', (_what, members) => {
    expect(safeCause(members).stack).toBe('Error: Error')
  })

  it('can be read where that of the error cannot', () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    expect(safeCause(proxy).stack).toBe('Error: Error')
  })
})

describe('the members of a cause', () => {
  it('are its code, where there is one, and what can be changed', () => {
    const cause = safeCause(Object.assign(new RangeError('x'), { code: 'EPIPE' }))
    expect(cause.name).toBe('RangeError')
    expect(Object.entries(cause)).toEqual([['code', 'EPIPE']])
    expect(Object.hasOwn(safeCause(new Error('x')), 'code')).toBe(false)
    Object.assign(cause, { name: 'Mine' })
    Object.defineProperty(cause, 'stack', { value: 'mine' })
    expect([cause.name, cause.stack]).toEqual(['Mine', 'mine'])
    expect(Reflect.deleteProperty(cause, 'name')).toBe(true)
  })
})
