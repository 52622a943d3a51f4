import { describe, expect, it } from 'vitest'
import { freshnessOf } from '../../src/issuer/freshness.ts'

describe('freshnessOf', () => {
  it.each([
    [{}, undefined],
    [{ 'cache-control': 'max-age=60' }, 60],
    [{ 'cache-control': 'max-age=60', age: '20' }, 40],
    [{ 'cache-control': 'max-age=60', age: 'old' }, 60],
    [{ 'cache-control': 'public,max-age=60' }, 60],
    [{ 'cache-control': 'private, no-cache="set-cookie", max-age=60' }, 0],
    [{ 'cache-control': 'no-store' }, 0],
    [{ 'cache-control': 'x-no-store, max-age=60' }, 60],
    [{ 'cache-control': 'public', expires: '0' }, undefined],
  ])('of %j is %s', (headers, seconds) => {
    expect(freshnessOf(new Headers(headers as Record<string, string>))).toBe(seconds)
  })
})

describe('what an answer says of its freshness', () => {
  const date = 'Sun, 06 Nov 1994 08:49:37 GMT'
  const later = 'Sun, 06 Nov 1994 08:50:37 GMT'

  it.each<[string, Record<string, string>, number | undefined]>([
    ['Expires less Date', { expires: later, date }, 60],
    ['Expires less Date and Age', { expires: later, date, age: '10' }, 50],
    ['Expires without Date: stale', { expires: later }, 0],
    ['Expires that is no date: stale (RFC 9111 §5.3)', { expires: '0', date }, 0],
    ['Expires that is a number of seconds: stale (RFC 9111 §5.3)', { expires: '99999', date }, 0],
    ['nothing', {}, undefined],
    ['max-age before Expires', { expires: later, date, 'cache-control': 'max-age=7' }, 7],
  ])('is read: %s', (_what, headers, seconds) => {
    expect(freshnessOf(new Headers(headers))).toBe(seconds)
  })
})
