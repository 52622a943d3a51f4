import { createHash } from 'node:crypto'
import {
  createResourceServer,
  type ResourceServer,
  type Revocation,
  type RevocationList,
  revocationList,
  type RevocationListOptions,
  UpstreamError,
} from 'oauth-resource-server'
import { createTestClock, createTestIssuer } from 'oauth-resource-server/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { listOf, type RevocationStore, type StoreTools } from '../../src/caller/revocation-list.ts'
import {
  listInterfaceOf,
  type RevocableToken,
  type RevocationEntry,
  type RevocationListInterface,
} from '../../src/stores.ts'
import { b64, parts, verdict } from '../support/tokens.ts'

const clock = createTestClock(1_800_000_000_000)
const issuer = await createTestIssuer({ algorithms: ['ES256'], clock })
const other = await createTestIssuer({ issuer: 'https://other.test/', algorithms: ['EdDSA'], clock })
const now = (): number => clock.now() / 1000
const { audience } = issuer.options
afterEach(() => vi.restoreAllMocks())

interface World {
  readonly list: RevocationList
  readonly api: ResourceServer
  readonly use: (token: string) => Promise<string>
}

/** One list, and a resource server with two issuers that uses it. */
function world(options: RevocationListOptions = {}, more: object = {}): World {
  const list = revocationList(options)
  const issuers = [issuer, other].map(({ issuer: name, jwks }) => ({ issuer: name, audience, jwks }))
  const api = createResourceServer({ issuers, now: clock.now, revocation: list, ...more })
  return { list, api, use: async (token) => verdict(api.verify(token)) }
}

describe('what a list refuses', () => {
  const claims = { jti: 'j', sub: 'alice', sid: 's', client_id: 'app' }
  it.each<[string, Revocation, object]>([
    ['jti', { jti: 'j' }, { jti: 'k' }],
    ['subject', { subject: 'alice' }, { sub: 'bob' }],
    ['session', { session: 's' }, { sid: 't' }],
    ['client', { client: 'app' }, { client_id: 'app2' }],
  ])('a token by its %s, and no other token', async (_kind, revocation, change) => {
    const { list, use } = world()
    const [same, different] = [await issuer.sign(claims), await issuer.sign({ ...claims, ...change })]
    expect(await use(same)).toBe('200')
    await list.revoke(revocation)
    expect(await use(same)).toBe('401 revoked')
    expect(await use(different)).toBe('200')
  })

  it('a value never matches another kind', async () => {
    const { list, use } = world()
    const token = await issuer.sign({ jti: 'a', sub: 'b', sid: 'c', client_id: 'd' })
    for (const value of ['b', 'c', 'd']) await list.revoke({ jti: value })
    for (const value of ['a', 'c', 'd']) await list.revoke({ subject: value })
    for (const value of ['a', 'b', 'd']) await list.revoke({ session: value })
    for (const value of ['a', 'b', 'c']) await list.revoke({ client: value })
    expect(await use(token)).toBe('200')
  })

  it('a client by azp, cid and appid too', async () => {
    const { list, use } = world()
    await list.revoke({ client: 'app' })
    for (const name of ['azp', 'cid', 'appid']) {
      expect(await use(await issuer.sign({ client_id: undefined, [name]: 'app' }))).toBe('401 revoked')
    }
  })

  it('tokens of one issuer where one is named, else of every trusted issuer', async () => {
    const { list, use } = world()
    const [first, second] = [await issuer.sign({ sub: 'alice' }), await other.sign({ sub: 'alice' })]
    await list.revoke({ subject: 'alice', issuer: other.issuer })
    expect([await use(first), await use(second)]).toEqual(['200', '401 revoked'])
    await list.revoke({ subject: 'alice' })
    expect([await use(first), await use(second)]).toEqual(['401 revoked', '401 revoked'])
  })

  it('tokens issued up to the second of issuedBefore, fractions aside, and none issued later', async () => {
    const { list, use } = world()
    await list.revoke({ subject: 'alice', issuedBefore: now() + 0.7 })
    for (const [iat, expected] of [
      [now() - 1, '401 revoked'],
      [now(), '401 revoked'],
      [now() + 0.9, '401 revoked'],
      [now() + 1, '200'],
    ] as const) {
      expect(await use(await issuer.sign({ sub: 'alice', iat }))).toBe(expected)
    }
  })

  it('no less after an earlier issuedBefore', async () => {
    const { list, use } = world()
    const token = await issuer.sign({ sub: 'alice' })
    await list.revoke({ subject: 'alice' })
    await list.revoke({ subject: 'alice', issuedBefore: now() - 100 })
    expect(await use(token)).toBe('401 revoked')
  })

  it('a cached token, on the next request', async () => {
    const { list, use } = world()
    const token = await issuer.sign({ jti: 'cached' })
    expect([await use(token), await use(token)]).toEqual(['200', '200'])
    await list.revoke({ jti: 'cached' })
    expect([await use(token), await use(token)]).toEqual(['401 revoked', '401 revoked'])
  })
})

describe('revoke({ token })', () => {
  it('uses the jti, of this issuer alone', async () => {
    const { list, api, use } = world()
    const token = await issuer.sign({ jti: 'one' })
    await list.revoke({ token: await api.verify(token) })
    expect(await use(token)).toBe('401 revoked')
    expect(await use(await issuer.sign({ jti: 'one', sub: 'again' }))).toBe('401 revoked')
    expect(await use(await other.sign({ jti: 'one' }))).toBe('200')
  })

  it.each([[undefined], ['']])('uses a hash where jti is %j', async (jti) => {
    const { list, api, use } = world()
    const [token, sibling] = [await issuer.sign({ jti, a: 1 }), await issuer.sign({ jti, a: 2 })]
    await list.revoke({ token: await api.verify(token) })
    expect([await use(token), await use(sibling)]).toEqual(['401 revoked', '200'])
  })

  it('SIG-13 B64-10 refuses the twin of an ECDSA signature too', async () => {
    const { list, api, use } = world()
    const token = await issuer.sign({ jti: undefined })
    const [header, payload, signature] = parts(token)
    const bytes = Buffer.from(signature, 'base64url')
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
    const s = order - BigInt(`0x${bytes.subarray(32).toString('hex')}`)
    const twinS = Buffer.from(s.toString(16).padStart(64, '0'), 'hex')
    const twin = `${header}.${payload}.${b64(Buffer.concat([bytes.subarray(0, 32), twinS]))}`
    expect(await use(twin)).toBe('200')
    await list.revoke({ token: await api.verify(token) })
    expect([await use(token), await use(twin)]).toEqual(['401 revoked', '401 revoked'])
  })

  it('reads the claims as they were signed, whatever a schema made of them', async () => {
    const schema = {
      '~standard': { version: 1 as const, vendor: 'test', validate: () => ({ value: { jti: 'changed' } }) },
    }
    const { list, api, use } = world({}, { schema })
    const token = await issuer.sign({ jti: 'signed' })
    const auth = await api.verify(token)
    expect(auth.claims.jti).toBe('changed')
    await list.revoke({ token: auth })
    expect(await use(token)).toBe('401 revoked')
  })

  it('takes the caller of another resource server, and a copy that has a jti', async () => {
    const { list, use } = world()
    const token = await issuer.sign({ jti: 'elsewhere' })
    const auth = await createResourceServer(issuer.options).verify(token)
    await list.revoke({ token: { ...auth } })
    expect(await use(token)).toBe('401 revoked')
  })
})

describe('how long a list remembers', () => {
  it('CSR-7 for as long as a token may be accepted: lifetime, tolerance and an iat that is ahead', async () => {
    const { list, use } = world({ tokenLifetime: 1000 }, { clockTolerance: 300 })
    const exp = now() + 1299
    const token = await issuer.sign({ sub: 'alice', jti: 'long', iat: now() + 299, exp })
    await list.revoke({ jti: 'long' })
    clock.advance(1299 + 299)
    expect(await use(token)).toBe('401 revoked')
    clock.advance(1)
    expect(await use(token)).toBe('401 expired')
  })

  it('CSR-7 from issuedBefore where that is ahead', async () => {
    const { list, use } = world({ tokenLifetime: 1000 }, { clockTolerance: 300 })
    await list.revoke({ subject: 'alice', issuedBefore: now() + 300 })
    const token = await issuer.sign({ sub: 'alice', iat: now() + 300, exp: now() + 1300 })
    clock.advance(1599)
    expect(await use(token)).toBe('401 revoked')
  })

  it('CSR-7 for longer where the clock of the system is set back: the token is valid for longer too', async () => {
    let passed = 5000
    vi.spyOn(performance, 'now').mockImplementation(() => passed * 1000)
    vi.spyOn(Date, 'now').mockImplementation(clock.now)
    const pass = (seconds: number): void => {
      passed += seconds
      clock.advance(seconds)
    }
    const list = revocationList()
    const { issuer: name, jwks } = issuer
    const api = createResourceServer({ issuer: name, audience, jwks, revocation: list })
    const token = await issuer.sign({ jti: 'old', exp: now() + 1000 })
    pass(900)
    await list.revoke({ token: await api.verify(token) })
    clock.advance(-600)
    pass(500)
    // Makes room.
    await list.revoke({ jti: 'new' })
    expect(await verdict(api.verify(token))).toBe('401 revoked')
    pass(230)
    expect(await verdict(api.verify(token))).toBe('401 expired')
  })

  it('gives the room back afterwards, at once where expiresAt tells', async () => {
    const { list } = world({ max: 1, tokenLifetime: 1000 })
    await list.revoke({ jti: 'a', expiresAt: new Date(clock.now() + 10_000) })
    clock.advance(300)
    await expect(list.revoke({ jti: 'b' })).rejects.toBeInstanceOf(UpstreamError)
    clock.advance(30)
    await list.revoke({ jti: 'b' })
    clock.advance(1500)
    await expect(list.revoke({ jti: 'c' })).rejects.toBeInstanceOf(UpstreamError)
    clock.advance(120)
    await list.revoke({ jti: 'c' })
  })

  it('never longer than a token can live, whatever expiresAt is', async () => {
    const { list } = world({ max: 1, tokenLifetime: 1000 })
    await list.revoke({ jti: 'a', expiresAt: now() + 1e9 })
    clock.advance(1620)
    await expect(list.revoke({ jti: 'b' })).resolves.toBeUndefined()
  })

  it('CSR-10 a full list rejects revoke() with a clear error and forgets nothing', async () => {
    const { list, use } = world({ max: 2 })
    const tokens = await Promise.all(['a', 'b', 'c'].map((jti) => issuer.sign({ jti })))
    await list.revoke({ jti: 'a' })
    await list.revoke({ jti: 'b' })
    await expect(list.revoke({ jti: 'c' })).rejects.toMatchObject({
      status: 503,
      retryAfter: 60,
      detail: { hint: 'the revocation list is full: 2 entries; raise max, or use a list on Redis' },
    })
    await expect(list.revoke({ jti: 'a' })).resolves.toBeUndefined()
    expect(await Promise.all(tokens.map(use))).toEqual(['401 revoked', '401 revoked', '200'])
  })
})

describe('tokens that a list could not refuse in time', () => {
  it.each<[string, object, RevocationListOptions, string]>([
    ['without iat', { iat: undefined }, {}, '401 claim'],
    ['that live as long as tokenLifetime', { life: 86_400 }, {}, '200'],
    ['that live longer', { life: 86_401 }, {}, '401 claim'],
    ['that live longer than another tokenLifetime', { life: 301 }, { tokenLifetime: 300 }, '401 claim'],
    ['CSR-8 CLM-26 without jti, where it is required', { jti: undefined }, { requireJti: true }, '401 claim'],
    ['with an empty jti, where it is required', { jti: '' }, { requireJti: true }, '401 claim'],
    ['without jti, where it is not', { jti: undefined }, {}, '200'],
    ['with a jti that is no text', { jti: 5 }, {}, '401 claim'],
  ])('%s', async (_what, { life = 300, ...claims }: { life?: number }, options, expected) => {
    const token = await issuer.sign({ exp: now() + life, ...claims })
    expect(await world(options).use(token)).toBe(expected)
  })

  it('are accepted without a list', async () => {
    const api = createResourceServer(issuer.options)
    const exp = now() + 100_000
    expect(await verdict(api.verify(await issuer.sign({ iat: undefined, exp })))).toBe('200')
  })
})

const auth = await createResourceServer(issuer.options).verify(await issuer.sign())

describe('what revoke() takes', () => {
  it.each<[string, unknown, RegExp]>([
    ['nothing', undefined, /^revoke: must be a plain object/],
    ['a token as text', 'eyJ', /^revoke: must be a plain object/],
    [
      'none of the five',
      { issuer: 'https://a' },
      /^revoke: pass exactly one of token, jti, subject, session/,
    ],
    ['two of the five', { jti: 'a', subject: 'b' }, /^revoke: pass exactly one/],
    ['an empty value', { subject: '' }, /^revoke.subject: must be a string that is not empty/],
    ['a number', { jti: 7 }, /^revoke.jti: must be a string/],
    ['null', { session: null }, /^revoke.session: must be a string/],
    ['a name that is misspelled', { sub: 'a' }, /unknown option sub/],
    ['a token that is no auth', { token: 'eyJ' }, /^revoke.token: pass the auth of a caller/],
    ['an issuer with token', { token: auth, issuer: 'https://a' }, /^revoke.issuer: leave it out with token/],
    ['expiresAt without jti', { subject: 'a', expiresAt: 5 }, /^revoke.expiresAt: leave it out with subject/],
    ['issuedBefore with jti', { jti: 'a', issuedBefore: 5 }, /^revoke.issuedBefore: leave it out with jti/],
    ['an empty issuer', { jti: 'a', issuer: '' }, /^revoke.issuer: must be a string/],
    ['milliseconds', { subject: 'a', issuedBefore: Date.UTC(2026, 1) }, /looks like milliseconds/],
    ['an invalid Date', { subject: 'a', issuedBefore: new Date(NaN) }, /must be a Date or seconds/],
  ])('rejects %s', async (_what, revocation, message) => {
    const error: unknown = await world()
      .list.revoke(revocation as Revocation)
      .catch((it: unknown) => it)
    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message).toMatch(message)
  })

  it.each([
    ['the default before a resource server uses the list', undefined, 30],
    ['that of the resource server', 5, 5],
    ['that of another resource server', 300, 300],
  ])('issuedBefore may be ahead by clockTolerance: %s', async (_what, clockTolerance, most) => {
    const list = revocationList({ now: clock.now })
    if (clockTolerance !== undefined) {
      createResourceServer({ ...issuer.options, clockTolerance, revocation: list })
    }
    await expect(list.revoke({ subject: 'a', issuedBefore: now() + most })).resolves.toBeUndefined()
    await expect(list.revoke({ subject: 'a', issuedBefore: now() + most + 1 })).rejects.toThrow(
      `is ${most + 1} s ahead of now; clockTolerance allows ${most} s`,
    )
  })

  it('issuedBefore may be ahead by the longest clockTolerance of all that use the list', async () => {
    const list = revocationList({ now: clock.now })
    for (const clockTolerance of [100, 10]) {
      const issuers = [{ ...issuer.options, clockTolerance }].map(({ now: _now, ...it }) => it)
      createResourceServer({ issuers, now: clock.now, revocation: list })
    }
    createResourceServer({ issuers: () => undefined, audience, clockTolerance: 60, revocation: list })
    await expect(list.revoke({ client: 'a', issuedBefore: now() + 100 })).resolves.toBeUndefined()
    await expect(list.revoke({ client: 'a', issuedBefore: now() + 101 })).rejects.toThrow(TypeError)
  })
})

describe('a list and its resource servers', () => {
  it('takes the injected clock of the first one, unless it has its own', async () => {
    const adopting = world()
    const token = await issuer.sign({ sub: 'alice' })
    // By the system's clock, the token of 2027 would be issued later.
    await adopting.list.revoke({ subject: 'alice' })
    expect(await adopting.use(token)).toBe('401 revoked')
    const own = world({ now: () => clock.now() - 3_600_000 })
    await own.list.revoke({ subject: 'alice' })
    expect(await own.use(token)).toBe('200')
  })

  it('serves several', async () => {
    const { list, use } = world()
    const second = createResourceServer({ ...issuer.options, revocation: list })
    const token = await issuer.sign({ jti: 'shared' })
    await list.revoke({ jti: 'shared' })
    expect([await use(token), await verdict(second.verify(token))]).toEqual(['401 revoked', '401 revoked'])
  })

  it.each<[string, (list: RevocationList) => unknown, string]>([
    ['keeps the clock by which an entry was made', (list) => list.revoke({ subject: 'bob' }), '200'],
    [
      'takes the clock of the first server that has one',
      (list) =>
        createResourceServer({ issuer: issuer.issuer, audience, jwks: issuer.jwks, revocation: list }),
      '401 revoked',
    ],
  ])('%s', async (_what, first, expected) => {
    // By the system's clock, the token of 2096 would be issued later.
    const late = await createTestIssuer({ algorithms: ['EdDSA'], clock: createTestClock(4e12) })
    const list = revocationList()
    await first(list)
    const api = createResourceServer({ ...late.options, revocation: list })
    const token = await late.sign({ sub: 'alice' })
    await list.revoke({ subject: 'alice' })
    expect(await verdict(api.verify(token))).toBe(expected)
  })

  it('is ready at once, and closing it makes nothing valid again', async () => {
    const { list, api, use } = world()
    await expect(api.ready()).resolves.toBeUndefined()
    await expect(list.ready()).resolves.toBeUndefined()
    expect(api.health().ready).toBe(true)
    const token = await issuer.sign({ jti: 'closed' })
    await list.revoke({ jti: 'closed' })
    list.close()
    expect(await use(token)).toBe('401 revoked')
  })

  it('cannot be changed by whoever has it', () => {
    const { list } = world()
    expect(Object.isFrozen(list)).toBe(true)
    const face = Reflect.get(list, Symbol.for('oauth-resource-server.revocation-list')) as object
    expect(Object.isFrozen(face)).toBe(true)
    expect(Object.keys(list)).toEqual(['revoke', 'ready', 'close'])
  })

  it('keeps no text of a token', async () => {
    const { list, api } = world()
    const token = await issuer.sign({ jti: undefined })
    await list.revoke({ token: await api.verify(token) })
    const hash = createHash('sha256').update(parts(token).slice(0, 2).join('.')).digest('base64url')
    expect(hash).toHaveLength(43)
    expect(JSON.stringify(list)).not.toContain(token.slice(0, 20))
  })
})

describe('a list whose entries are kept in a store', () => {
  const settings = {
    tokenLifetime: 1000,
    max: 5,
    onUnavailable: 'allow',
    requireJti: true,
    now: clock.now,
  } as const

  function stored(store: Partial<RevocationStore> = {}) {
    const added: RevocationEntry[] = []
    let tools: StoreTools | undefined
    const list = listOf(settings, (given) => {
      tools = given
      return { add: (entry) => void added.push(entry), has: () => true, ...store }
    })
    const face = listInterfaceOf(list) as RevocationListInterface
    return { list, face, added, tools: tools as unknown as StoreTools }
  }

  it('gives the store its settings, and an index that follows its clock', () => {
    const { tools } = stored()
    expect(tools).toMatchObject({ ...settings, longestLife: 1600 })
    const index = tools.index(1)
    const entry = { issuer: undefined, issuedBefore: undefined, lifetime: 16, expiresIn: undefined }
    expect(index.add({ ...entry, kind: 'jti', value: 'a' })).toBe(true)
    expect(index.add({ ...entry, kind: 'jti', value: 'b' })).toBe(false)
    clock.advance(32)
    expect(index.size()).toBe(0)
  })

  it('shows resource servers what it was made with, and passes their questions on', async () => {
    const { face } = stored()
    expect(face).toMatchObject({ tokenLifetime: 1000, requireJti: true, onUnavailable: 'allow' })
    expect(await face.has({} as RevocableToken)).toBe(true)
  })

  it('takes entries that were checked elsewhere, for as long as they are needed', async () => {
    const { face, added } = stored()
    const entry = { kind: 'session', issuer: undefined, value: 's' } as const
    await face.add({ ...entry, issuedBefore: now() + 20 })
    await face.add({ ...entry, issuedBefore: now() - 20 })
    await face.add({ ...entry, issuedBefore: undefined })
    const kept = { ...entry, expiresIn: undefined }
    expect(added).toEqual([
      { ...kept, issuedBefore: now() + 20, lifetime: 1620 },
      { ...kept, issuedBefore: now() - 20, lifetime: 1600 },
      { ...kept, issuedBefore: undefined, lifetime: 1600 },
    ])
  })

  it('opens, waits for, asks and closes its store', async () => {
    const calls: string[] = []
    const note = (call: string) => () => void calls.push(call)
    const { list, face } = stored({
      open: note('open'),
      close: note('close'),
      ready: note('ready'),
      isReady: () => false,
    })
    expect(calls).toEqual([])
    face.join({ clockTolerance: 0, now: undefined })
    await list.ready()
    await face.ready()
    list.close()
    expect(calls).toEqual(['open', 'ready', 'ready', 'close'])
    expect(face.isReady()).toBe(false)
  })

  it('is ready where the store needs nothing', async () => {
    const { list, face } = stored()
    face.join({ clockTolerance: 0, now: undefined })
    await expect(list.ready()).resolves.toBeUndefined()
    list.close()
    expect(face.ready()).toBeUndefined()
    expect(face.isReady()).toBe(true)
  })

  it('rejects what the store does not take', async () => {
    const outage = new UpstreamError(1)
    const { list } = stored({ add: () => Promise.reject(outage) })
    await expect(list.revoke({ jti: 'j' })).rejects.toBe(outage)
  })
})
