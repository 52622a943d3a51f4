import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { hashOf, signedHashOf, withSignedHash } from '../../src/token/signed-hash.ts'
import type { VerifiedToken } from '../../src/token/verified-token.ts'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64url')

describe('hashOf()', () => {
  it.each([
    ['a signed token without its signature', 'a.b.c', 'a.b'],
    ['an opaque token', 'opaque', 'opaque'],
    ['two parts', 'a.b', 'a.b'],
    ['four parts', 'a.b.c.d', 'a.b.c.d'],
    ['an encrypted token', 'a.b.c.d.e', 'a.b.c.d.e'],
  ])('hashes %s', async (_title, token, hashed) => {
    expect(await hashOf(token)).toBe(sha256(hashed))
  })
})

describe('withSignedHash()', () => {
  it('keeps the hash by the token', async () => {
    const token = {} as unknown as VerifiedToken
    expect(signedHashOf(token)).toBeUndefined()
    expect(await withSignedHash(token, 'a.b.c')).toBe(token)
    expect(signedHashOf(token)).toBe(sha256('a.b'))
    expect(Object.keys(token)).toEqual([])
  })
})
