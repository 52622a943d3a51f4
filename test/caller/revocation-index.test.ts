import { describe, expect, it, vi } from 'vitest'
import { type RevocationIndex, revocationIndex } from '../../src/caller/revocation-index.ts'
import type { RevocableToken, RevocationEntry } from '../../src/stores.ts'

const issuer = 'https://issuer.test/'
const other = 'https://other.test/'

/** An index at a time of its own. */
function world(max = 100): RevocationIndex & { readonly time: { seconds: number } } {
  const time = { seconds: 0 }
  return { time, ...revocationIndex(max, () => time.seconds) }
}
const entry = (
  kind: RevocationEntry['kind'],
  value: string,
  change: Partial<RevocationEntry> = {},
): RevocationEntry => ({
  kind,
  value,
  issuer: undefined,
  issuedBefore: undefined,
  lifetime: 60,
  expiresIn: undefined,
  ...change,
})
const named = { jti: 'j', subject: 'u', session: 's', client: 'c' }
const token = (change: Partial<RevocableToken> = {}): RevocableToken => ({
  issuer,
  issuedAt: 1000,
  ...named,
  hash: () => 'h',
  ...change,
})
const unnamed = token({ jti: undefined })

describe('a token is found', () => {
  it.each<[string, RevocationEntry, RevocableToken, boolean]>([
    ['its jti', entry('jti', 'j'), token(), true],
    ['its subject', entry('subject', 'u', { issuedBefore: 1000 }), token(), true],
    ['its session', entry('session', 's', { issuedBefore: 1000 }), token(), true],
    ['its client', entry('client', 'c', { issuedBefore: 1000 }), token(), true],
    ['its subject, if it was issued later', entry('subject', 'u', { issuedBefore: 999 }), token(), false],
    ['its subject, whenever it was issued', entry('subject', 'u'), token(), true],
    ['its hash', entry('hash', 'h', { issuer }), unnamed, true],
    ['its hash, if it has a jti', entry('hash', 'h', { issuer }), token(), false],
    ['the hash of a token of every issuer, of which there is none', entry('hash', 'h'), unnamed, false],
    ['the jti of another token', entry('jti', 'k'), token(), false],
    ['the hash of another token', entry('hash', 'i', { issuer }), unnamed, false],
    ['its jti, of its issuer', entry('jti', 'j', { issuer }), token(), true],
    ['its jti, of another issuer', entry('jti', 'j', { issuer: other }), token(), false],
    ['its hash, of another issuer', entry('hash', 'h', { issuer: other }), unnamed, false],
    ['its session, of its issuer', entry('session', 's', { issuer }), token(), true],
    ['its session, of another issuer', entry('session', 's', { issuer: other }), token(), false],
  ])('by %s', async (_what, revoked, candidate, expected) => {
    const index = world()
    expect(index.add(revoked)).toBe(true)
    expect(await index.has(candidate)).toBe(expected)
    expect(await index.has({ ...candidate, hash: () => Promise.resolve(candidate.hash()) })).toBe(expected)
  })

  it.each(['jti', 'subject', 'session', 'client'] as const)('by no %s where it has none', async (kind) => {
    const index = world()
    index.add(entry(kind, 'undefined'))
    expect(await index.has(token({ [kind]: undefined }))).toBe(false)
  })

  it('without a hash, which takes time, where none was revoked of its issuer', async () => {
    const index = world()
    const hash = vi.fn(() => 'h')
    index.add(entry('jti', 'k', { issuer }))
    index.add(entry('hash', 'h', { issuer: other }))
    expect(await index.has({ ...unnamed, hash })).toBe(false)
    expect(hash).not.toHaveBeenCalled()
  })
})

describe('an index', () => {
  it('forgets an entry after its life, and not before', async () => {
    const index = world()
    index.add(entry('jti', 'j', { issuer, lifetime: 64 }))
    index.time.seconds = 63
    expect([index.size(), await index.has(token())]).toEqual([1, true])
    index.time.seconds = 64
    expect([index.size(), await index.has(token())]).toEqual([0, false])
  })

  it('forgets an entry when another one is added', async () => {
    const index = world(1)
    index.add(entry('jti', 'j'))
    index.time.seconds = 64
    expect(index.add(entry('jti', 'k'))).toBe(true)
    expect([await index.has(token()), index.size()]).toEqual([false, 1])
  })

  it('keeps the other entries of an issuer', async () => {
    const index = world()
    index.add(entry('jti', 'k', { issuer, lifetime: 16 }))
    index.add(entry('session', 's', { issuer, lifetime: 64 }))
    index.time.seconds = 16
    expect([index.size(), await index.has(token())]).toEqual([1, true])
  })

  it('finds an entry that was added again after it was forgotten', async () => {
    const index = world()
    for (const seconds of [0, 64, 128]) {
      index.time.seconds = seconds
      index.add(entry('jti', 'j', { issuer }))
      expect([index.size(), await index.has(token())]).toEqual([1, true])
    }
  })

  it('keeps an entry for the longer life, and up to the later moment', async () => {
    const index = world()
    index.add(entry('subject', 'u', { issuedBefore: 1000, lifetime: 64 }))
    index.add(entry('subject', 'u', { issuedBefore: 900, lifetime: 128 }))
    index.add(entry('subject', 'u', { issuedBefore: 900, lifetime: 16 }))
    index.time.seconds = 127
    expect([index.size(), await index.has(token())]).toEqual([1, true])
    expect(await index.has(token({ issuedAt: 1001 }))).toBe(false)
    index.add(entry('subject', 'u', { issuedBefore: 1001 }))
    expect(await index.has(token({ issuedAt: 1001 }))).toBe(true)
  })

  it('that is full takes nothing new and forgets nothing', async () => {
    const index = world(2)
    expect([index.add(entry('jti', 'j')), index.add(entry('jti', 'k', { issuer }))]).toEqual([true, true])
    expect([index.add(entry('jti', 'l')), index.add(entry('hash', 'h', { issuer: other }))]).toEqual([
      false,
      false,
    ])
    expect([index.add(entry('jti', 'j')), index.size()]).toEqual([true, 2])
    expect([await index.has(token()), await index.has(token({ jti: 'l' }))]).toEqual([true, false])
  })
})
