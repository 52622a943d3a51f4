// The issuers of a function, without tokens; dynamic-issuers.test.ts has what they are to a resource server.
import { createTestIssuer } from 'oauth-resource-server/testing'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { dynamicIssuers } from '../../src/issuer/dynamic-issuers.ts'
import type { Issuers } from '../../src/issuer/issuers.ts'
import type { IssuerWithReaders, NetworkOptions, TrustedIssuer } from '../../src/issuer/trusted-issuer.ts'
import type { KeySet } from '../../src/jose/key-set.ts'
import { introspectionSettings } from '../../src/options/introspection.ts'
import { keyCacheSettings } from '../../src/options/key-cache.ts'
import type { KeySnapshot } from '../../src/options/snapshot.ts'
import { importSecrets } from '../../src/options/secret.ts'
import { rolesReader, scopesReader } from '../../src/token/scopes-and-roles.ts'
import { fetchedKeys, keyOf, type ManualFetches, manualFetches } from './manual-fetches.ts'

const { jwks } = await createTestIssuer()
const header = { alg: 'ES256', kid: jwks.keys[0]?.kid as string }

/** What the function returns for a name, with some of it changed. */
const answerFor = (name: string, changes: object = {}): IssuerWithReaders =>
  ({
    issuer: name,
    rules: { clients: ['one'] },
    algorithms: ['ES256'],
    keys: { public: { from: 'uri', uri: `${name}/jwks` }, secrets: [] },
    scopes: undefined,
    roles: undefined,
    introspection: undefined,
    scopesOf: scopesReader(undefined),
    rolesOf: rolesReader(undefined),
    ...changes,
  }) as never
const secretOf = (byte: number) => importSecrets([new Uint8Array(32).fill(byte)], ['HS256'], 'secret')

let manual: ManualFetches
let fetch: ReturnType<typeof vi.fn<(url: string) => Promise<Response>>>
let resolve: ReturnType<typeof vi.fn<(name: string) => IssuerWithReaders | undefined>>
let issuers: Issuers

function begin(changes: Partial<NetworkOptions> = {}): void {
  manual = manualFetches()
  fetch = vi.fn(() => Promise.resolve(Response.json(jwks)))
  resolve = vi.fn((name: string) => answerFor(name))
  issuers = dynamicIssuers({
    fetch,
    clock: manual.clock,
    random: () => 0,
    settings: keyCacheSettings(undefined),
    snapshots: {},
    allowInsecureHosts: [],
    resolve,
    hookTimeoutMs: 5000,
    ...changes,
  })
}
beforeEach(() => {
  begin()
})

const nameOf = (index: number): string => `https://t${index}.test`
const find = (name = nameOf(0)): TrustedIssuer => issuers.find(name) as TrustedIssuer
const names = (list: readonly TrustedIssuer[]): string[] => list.map(({ name }) => name)
/** Has issuers fetch their keys, one after the other. @returns how many fetches were sent */
async function fetchesOf(...indexes: readonly number[]): Promise<number> {
  const before = fetch.mock.calls.length
  for (const index of indexes) {
    await Promise.resolve(find(nameOf(index)).keys.ready()).catch(() => undefined)
  }
  return fetch.mock.calls.length - before
}
const range = (from: number, length: number): number[] => Array.from({ length }, (_, index) => from + index)
/** Names so many tenants, each once. */
function flood(count: number): void {
  for (const index of range(1, count)) find(nameOf(index))
}

describe('the answer of the function', () => {
  it('is kept for ten minutes, to the second', async () => {
    const issuer = find()
    await manual.advance(599.5)
    expect(find()).toBe(issuer)
    expect(resolve.mock.calls).toEqual([[nameOf(0)]])
    await manual.advance(0.5)
    expect(find()).toBe(issuer)
    expect(resolve).toHaveBeenCalledTimes(2)
    await manual.advance(599.5)
    expect(find()).toBe(issuer)
    expect(resolve).toHaveBeenCalledTimes(2)
  })

  it('may say that it vouches for nobody, which is not kept', () => {
    resolve.mockReturnValue(undefined)
    expect([issuers.find(nameOf(0)), issuers.find(nameOf(0))]).toEqual([undefined, undefined])
    expect(resolve).toHaveBeenCalledTimes(2)
    expect([issuers.known(), issuers.proven()]).toEqual([[], []])
  })

  it('may change to that, for a proven issuer too', async () => {
    issuers.prove(find())
    await manual.advance(600)
    resolve.mockReturnValue(undefined)
    expect(issuers.find(nameOf(0))).toBeUndefined()
    expect([issuers.known(), issuers.proven()]).toEqual([[], []])
  })

  const set = (...keys: Parameters<typeof fetchedKeys>[0]): KeySet => fetchedKeys(keys).set
  const literal = (value: KeySet | Promise<KeySet>): object => ({
    keys: { public: { from: 'set', set: value }, secrets: [] },
  })
  const secret = (byte: number): object => ({ keys: { public: undefined, secrets: secretOf(byte) } })
  const arriving = Promise.resolve(set(keyOf('a')))
  const other = { ...keyOf('a'), algorithms: ['ES384' as const] }

  it.each<[string, object, object]>([
    ['rules', { rules: { clients: ['one'] } }, { rules: { clients: ['two'] } }],
    ['algorithms', { algorithms: ['ES256'] }, { algorithms: ['ES256', 'RS256'] }],
    ['scopes', { scopes: 'a' }, { scopes: 'b' }],
    ['roles', { roles: 'a' }, { roles: 'b' }],
    [
      'introspection',
      { rules: { clients: ['one'], clockTolerance: 5 } },
      {
        introspection: introspectionSettings({ clientId: 'api', clientSecret: 'secret' }, 'introspection', {
          issuer: nameOf(0),
          allowInsecureHosts: [],
        }),
        rules: { clients: ['one'], clockTolerance: 5 },
      },
    ],
    ['place of the keys', {}, { keys: { public: { from: 'uri', uri: 'https://k.test' }, secrets: [] } }],
    ['secret', secret(1), secret(2)],
    ['id of a literal key', literal(set(keyOf('a', 'm'))), literal(set(keyOf('b', 'm')))],
    ['algorithms of a literal key', literal(set(keyOf('a'))), literal(set(other))],
    ['literal key', literal(set(keyOf('a', 'm'))), literal(set(keyOf('a', 'n')))],
    ['number of literal keys', literal(set(keyOf('a'))), literal(set(keyOf('a'), keyOf('b')))],
    ['literal keys that are still imported', literal(arriving), literal(Promise.resolve(set(keyOf('b'))))],
  ])('makes another issuer where it has another: %s', async (_title, first, second) => {
    resolve.mockImplementation((name) => answerFor(name, first))
    const issuer = find()
    await manual.advance(600)
    expect(find()).toBe(issuer)
    await manual.advance(600)
    resolve.mockImplementation((name) => answerFor(name, second))
    const changed = find()
    expect(changed.generation).not.toBe(issuer.generation)
    expect([find(), issuers.known()]).toEqual([changed, [changed]])
  })

  it.each([
    ['literal keys', () => literal(set(keyOf('a')))],
    ['secrets', () => secret(1)],
  ])('makes no other issuer for equal %s', async (_title, make) => {
    resolve.mockImplementation((name) => answerFor(name, make()))
    const issuer = find()
    await manual.advance(600)
    expect(find()).toBe(issuer)
  })
})

describe('the keys of an issuer', () => {
  it('stay when its rules change, and are fetched again when their place does', async () => {
    const { keys } = find()
    await keys.ready()
    await manual.advance(600)
    resolve.mockImplementation((name) => answerFor(name, { rules: { clients: ['two'] } }))
    expect(find().keys).toBe(keys)
    await manual.advance(600)
    resolve.mockImplementation((name) =>
      answerFor(name, { keys: { public: { from: 'uri', uri: 'https://k.test/' }, secrets: [] } }),
    )
    const moved = find().keys
    expect(moved).not.toBe(keys)
    await moved.ready()
    expect(fetch.mock.calls.map(([url]) => url)).toEqual([`${nameOf(0)}/jwks`, 'https://k.test/'])
  })

  it('are not those of the place where its keys were before', async () => {
    resolve.mockImplementation((name) =>
      answerFor(name, { keys: { public: undefined, secrets: secretOf(1) } }),
    )
    find()
    await manual.advance(600)
    resolve.mockImplementation((name) =>
      answerFor(name, { keys: { public: undefined, secrets: secretOf(2) } }),
    )
    const { keys } = find()
    expect(keys.find({ alg: 'HS256' })).not.toBe(secretOf(1)[0]?.key)
    expect(keys.pending()).toBeUndefined()
  })

  it('are paused after a failure, though the issuer was forgotten in between', async () => {
    fetch.mockResolvedValue(new Response('', { status: 404, headers: { 'retry-after': '300' } }))
    expect(await fetchesOf(0)).toBe(1)
    flood(150)
    expect(names(issuers.known())).not.toContain(nameOf(0))
    expect(await fetchesOf(0)).toBe(0)
    expect(await fetchesOf(1)).toBe(1)
    await manual.advance(300)
    expect(await fetchesOf(0)).toBe(1)
  })
})

describe('unproven issuers', () => {
  it('share 32 fetches', async () => {
    expect(await fetchesOf(...range(0, 33))).toBe(32)
    expect(await fetchesOf(40)).toBe(0)
    await manual.advance(2)
    expect(await fetchesOf(40, 41)).toBe(1)
  })

  it('do not take those of a proven one', async () => {
    await fetchesOf(...range(0, 32))
    issuers.prove(find(nameOf(50)))
    expect(await fetchesOf(50)).toBe(1)
  })

  it('get back what one of them took, once that is proven', async () => {
    fetch.mockResolvedValueOnce(new Response('', { status: 404 }))
    expect(await fetchesOf(0)).toBe(1)
    await manual.advance(1)
    expect(await fetchesOf(0)).toBe(1)
    expect(await fetchesOf(...range(1, 31))).toBe(30)
    issuers.prove(find())
    expect(await fetchesOf(40, 41, 42)).toBe(2)
    issuers.prove(find())
    expect(await fetchesOf(42)).toBe(0)
  })

  it('get back nothing that one took before it was no longer vouched for', async () => {
    await fetchesOf(0)
    await manual.advance(600)
    resolve.mockReturnValueOnce(undefined)
    expect(find()).toBeUndefined()
    expect(await fetchesOf(...range(0, 32))).toBe(32)
    issuers.prove(find())
    expect(await fetchesOf(40, 41)).toBe(1)
  })

  it('get back nothing that one took before it was forgotten', async () => {
    await fetchesOf(0)
    flood(32)
    expect(await fetchesOf(0, ...range(2, 30))).toBe(31)
    issuers.prove(find())
    expect(await fetchesOf(32, 100)).toBe(1)
  })

  it('get back nothing that one took after it was forgotten', async () => {
    const { keys } = find()
    flood(32)
    await keys.ready()
    find()
    expect(await fetchesOf(...range(2, 31))).toBe(31)
    issuers.prove(find())
    expect(await fetchesOf(100)).toBe(0)
  })

  it('are forgotten before one whose keys are on their way', () => {
    fetch.mockReturnValueOnce(new Promise(() => undefined))
    void Promise.resolve(find().keys.ready()).catch(() => undefined)
    flood(32)
    expect(names(issuers.known())).toEqual([nameOf(0), ...range(2, 31).map(nameOf)])
  })

  it('are forgotten in their order, with secrets too', () => {
    resolve.mockImplementation((name) =>
      answerFor(name, { keys: { public: undefined, secrets: secretOf(1) } }),
    )
    find()
    flood(32)
    expect(names(issuers.known())).toEqual(range(1, 32).map(nameOf))
  })
})

describe('a proven issuer', () => {
  it('is known as such, and stays whatever others are named', () => {
    const issuer = find()
    expect([issuers.known(), issuers.proven(), issuers.configured()]).toEqual([[issuer], [], []])
    issuers.prove(issuer)
    flood(40)
    expect(issuers.proven()).toEqual([issuer])
    expect(issuers.known()).toHaveLength(33)
    expect(issuers.configured()).toEqual([])
  })

  it('alone is in snapshots', async () => {
    const issuer = find()
    await issuer.keys.ready()
    expect(issuer.keys.snapshot()).toBeUndefined()
    issuers.prove(issuer)
    expect(issuer.keys.snapshot()).toMatchObject({ uri: `${nameOf(0)}/jwks` })
  })

  it('is none because its keys were fetched, also where they stay while its rules change', async () => {
    await find().keys.ready()
    await manual.advance(600)
    resolve.mockImplementation((name) => answerFor(name, { rules: { clients: ['two'] } }))
    expect(find().keys.health().state).not.toBe('empty')
    expect(issuers.proven()).toEqual([])
  })

  it('is not asked about again because of its signature', () => {
    const issuer = find()
    issuers.prove(issuer)
    expect(find()).toBe(issuer)
    expect(resolve).toHaveBeenCalledOnce()
  })

  it('that was forgotten meanwhile comes back, and is asked about again', async () => {
    const issuer = find()
    flood(32)
    await manual.advance(599.5)
    resolve.mockClear()
    issuers.prove(issuer)
    expect(issuers.proven()).toEqual([issuer])
    expect(find()).toBe(issuer)
    expect(resolve.mock.calls).toEqual([[nameOf(0)]])
  })

  it.each([
    ['and was forgotten', 32],
    ['and is still known', 0],
  ])('is none when the time of its answer is over: %s', async (_title, others) => {
    const issuer = find()
    flood(others)
    await manual.advance(600)
    issuers.prove(issuer)
    expect(issuers.proven()).toEqual([])
  })

  it('is none that was not made here', () => {
    issuers.prove({ name: nameOf(0) } as TrustedIssuer)
    expect(issuers.known()).toEqual([])
  })
})

describe('the snapshot of an issuer', () => {
  let snapshot: KeySnapshot
  beforeEach(async () => {
    const { keys } = find()
    await keys.ready()
    issuers.prove(find())
    snapshot = keys.snapshot() as KeySnapshot
  })

  it('proves it, and no other', () => {
    begin({ snapshots: { [nameOf(0)]: snapshot } })
    const issuer = find()
    find(nameOf(1))
    expect(issuers.proven()).toEqual([issuer])
    expect(issuer.keys.find(header)).toMatchObject({ kid: header.kid })
    expect(fetch).not.toHaveBeenCalled()
  })

  it.each([
    ['is too old', () => ({ ...snapshot, fetchedAt: snapshot.fetchedAt - 10_000 }), {}],
    ['is of another place', () => ({ ...snapshot, place: 'another' }), {}],
    ['has no place', () => snapshot, { keys: { public: undefined, secrets: secretOf(1) } }],
  ])('proves nothing where it %s', (_title, restored, changes) => {
    begin({ snapshots: { [nameOf(0)]: restored() } })
    resolve.mockImplementation((name) => answerFor(name, changes))
    find()
    expect([issuers.proven().length, issuers.known().length]).toEqual([0, 1])
  })

  it('proves nothing where another would be forgotten for it, though its keys are used', () => {
    const settings = keyCacheSettings({ maxIssuers: 1 })
    begin({ snapshots: { [nameOf(0)]: snapshot }, settings })
    const other = find(nameOf(1))
    issuers.prove(other)
    expect(find().keys.find(header)).toMatchObject({ kid: header.kid })
    expect(issuers.proven()).toEqual([other])
  })

  it('is used once', async () => {
    begin({ snapshots: { [nameOf(0)]: snapshot } })
    find()
    await manual.advance(600)
    resolve.mockReturnValueOnce(undefined)
    expect(find()).toBeUndefined()
    const { keys } = find()
    expect(issuers.proven()).toEqual([])
    await keys.find(header)
    expect(fetch).toHaveBeenCalledOnce()
  })
})
