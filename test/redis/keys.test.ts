import { expect, it } from 'vitest'
import type { RevocableToken } from 'oauth-resource-server'
import { keyOf, keysOf, tagOf } from '../../src/redis/keys.ts'

it('begins every key with one hash tag, made of the prefix', () => {
  expect([tagOf(undefined), tagOf('my api')]).toEqual(['{oauth}:', '{my api}:'])
})

it.each(['a{b', 'a}b', '{}'])('refuses a prefix with braces: %s', (prefix) => {
  expect(() => tagOf(prefix)).toThrow(/^prefix: must have no braces/)
})

it.each(['', 7, null, {}])('refuses %j as a prefix', (prefix) => {
  expect(() => tagOf(prefix)).toThrow(new TypeError('prefix: must be a string that is not empty'))
})

it('keeps kind, issuer and value apart, whatever characters they have', () => {
  expect(keyOf('{a}:', 'jti', undefined, 'v')).toBe('{a}:jti:[null,"v"]')
  expect(keyOf('{a}:', 'subject', 'i', 'v","w')).toBe('{a}:subject:["i","v\\",\\"w"]')
})

const token = (changes: Partial<RevocableToken> = {}): RevocableToken => ({
  issuer: 'i',
  jti: 'j',
  subject: 's',
  session: 'x',
  client: 'c',
  issuedAt: 1,
  hash: () => Promise.resolve('h'),
  ...changes,
})

it('asks for every entry that would revoke a token, of its issuer and of all', async () => {
  expect(await keysOf('{a}:', token())).toEqual([
    '{a}:jti:[null,"j"]',
    '{a}:jti:["i","j"]',
    '{a}:subject:[null,"s"]',
    '{a}:subject:["i","s"]',
    '{a}:session:[null,"x"]',
    '{a}:session:["i","x"]',
    '{a}:client:[null,"c"]',
    '{a}:client:["i","c"]',
  ])
})

it('asks for the hash of a token without jti, of its issuer alone, and for nothing it does not have', async () => {
  const bare = token({ jti: undefined, subject: undefined, session: undefined, client: undefined })
  expect(await keysOf('{a}:', bare)).toEqual(['{a}:hash:["i","h"]'])
})
