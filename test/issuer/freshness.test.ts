import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { boundedFreshness, freshnessOf, retryAfterOf } from '../../src/issuer/freshness.ts'
import { tries } from '../support/tries.ts'

const nines = '9'.repeat(309)
const many = 2_147_483_648

describe('freshnessOf', () => {
  it.each<[Record<string, string>, number | undefined]>([
    [{}, undefined],
    [{ 'cache-control': 'max-age=60' }, 60],
    [{ 'cache-control': 'max-age=60', age: '20' }, 40],
    [{ 'cache-control': 'max-age=60', age: 'old' }, 60],
    [{ 'cache-control': 'public,max-age=60' }, 60],
    [{ 'cache-control': 'max-age=60 public' }, 60],
    [{ 'cache-control': 'max-age=60; public' }, 60],
    [{ 'cache-control': 'private, no-cache="set-cookie", max-age=60' }, 0],
    [{ 'cache-control': 'no-store' }, 0],
    [{ 'cache-control': 'max-age=60,no-store' }, 0],
    [{ 'cache-control': 'no-cache public, max-age=60' }, 0],
    [{ 'cache-control': 'no-stores, max-age=60' }, 60],
    [{ 'cache-control': 'x-max-age=60' }, undefined],
    [{ 'cache-control': 'public;max-age=60' }, 60],
    [{ 'cache-control': 'max-age="60", public' }, 60],
    [{ 'cache-control': 'max-age=60s' }, undefined],
    [{ 'cache-control': 'max-age=60', age: '20 , 5' }, 40],
    [{ 'cache-control': 'max-age=60', age: '20 5' }, 60],
    [{ 'cache-control': 'max-age=60', age: '20s' }, 60],
    [{ 'cache-control': 'max-age=60', age: 's20' }, 60],
    [{ 'cache-control': 'x-no-store, max-age=60' }, 60],
    [{ 'cache-control': 'public', expires: '0' }, undefined],
  ])('of %j is %s', (headers, seconds) => {
    expect(freshnessOf(new Headers(headers))).toBe(seconds)
  })

  it.each<[Record<string, string>, number | undefined]>([
    [{ 'cache-control': `max-age=${nines}`, age: nines }, undefined],
    [{ 'cache-control': `max-age=${nines}` }, undefined],
    [{ 'cache-control': 'max-age=1000', age: nines }, 1000],
    [{ 'cache-control': `max-age=${'9'.repeat(308)}` }, many],
    [{ 'cache-control': `max-age=${'9'.repeat(308)}`, age: '9'.repeat(308) }, 0],
    [{ 'cache-control': 'max-age=1000', age: '9'.repeat(308) }, 1000 - many],
    [{ 'cache-control': `max-age="${nines}"` }, undefined],
    [{ 'cache-control': 'max-age=60, max-age=3600' }, 60],
    [{ 'cache-control': 'Max-Age  =  "60"' }, 60],
    [{ 'cache-control': 'max-age="60' }, undefined],
    [{ 'cache-control': 'max-age=60"' }, undefined],
    [{ 'cache-control': 'max-age=1e9' }, undefined],
    [{ 'cache-control': 'max-age=0x10' }, undefined],
    [{ 'cache-control': 'max-age=60.5' }, undefined],
    [{ 'cache-control': 'max-age=-5' }, undefined],
    [{ 'cache-control': 'max-age=' }, undefined],
    [{ 'cache-control': 's-maxage=60' }, undefined],
    [{ 'cache-control': 's-maxage=60, max-age=90' }, 90],
    [{ 'cache-control': 'max-age=60', age: '-20' }, 60],
    [{ 'cache-control': 'max-age=60', age: '1e9' }, 60],
    [{ 'cache-control': 'max-age=60', age: 'Infinity' }, 60],
    [{ 'cache-control': 'max-age=60', age: '20, 5' }, 40],
  ])('C3 of %j is %s', (headers, seconds) => {
    expect(freshnessOf(new Headers(headers))).toBe(seconds)
  })

  const date = 'Sun, 06 Nov 1994 08:49:37 GMT'
  const later = 'Sun, 06 Nov 1994 08:50:37 GMT'

  it.each<[string, Record<string, string>, number | undefined]>([
    ['Expires less Date', { expires: later, date }, 60],
    ['Expires less Date and Age', { expires: later, date, age: '10' }, 50],
    ['Expires without Date: stale', { expires: later }, 0],
    ['Expires with a Date that is none: stale', { expires: later, date: 'Xxx, 99 Xxx 9999 99:99:99 GMT' }, 0],
    ['Expires that is no date: stale (RFC 9111 §5.3)', { expires: '0', date }, 0],
    ['Expires with a word before: stale', { expires: `x ${later}`, date }, 0],
    ['Expires with a word after: stale', { expires: `${later} (x)`, date }, 0],
    ['Expires that only looks like one: stale', { expires: 'Xxx, 99 Xxx 9999 99:99:99 GMT', date }, 0],
    ['Expires that is a number of seconds: stale (RFC 9111 §5.3)', { expires: '99999', date }, 0],
    ['nothing', {}, undefined],
    ['max-age before Expires', { expires: later, date, 'cache-control': 'max-age=7' }, 7],
  ])('reads %s', (_what, headers, seconds) => {
    expect(freshnessOf(new Headers(headers))).toBe(seconds)
  })

  /** Header values: well formed, nearly so, and anything else. */
  const digits = fc.oneof(
    fc.nat().map(String),
    fc.integer({ min: 1, max: 400 }).map((length) => '9'.repeat(length)),
    fc.constantFrom('', '-1', '+1', '1e9', '1e999', '0x10', 'NaN', 'Infinity', '١٢', ' 5 ', '"5"', '5.5'),
  )
  const day = fc.oneof(
    fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(8e14) }).map((d) => d.toUTCString()),
    fc.constantFrom('', '0', '-1', 'never', 'Xxx, 99 Xxx 9999 99:99:99 GMT', '9'.repeat(400)),
  )
  const text = fc.string({ maxLength: 40 }).map((raw) => raw.replaceAll(/[^\x20-\x7e]/g, ''))
  const control = fc
    .array(
      fc.oneof(
        fc.tuple(fc.constantFrom('max-age', 'Max-Age ', 's-maxage'), digits).map((pair) => pair.join('=')),
        fc.constantFrom('public', 'no-transform', 'immutable'),
        text,
      ),
      { maxLength: 4 },
    )
    .chain((list) => fc.constantFrom(', ', ',', ' ', ';').map((separator) => list.join(separator)))
  const headers = fc
    .record(
      {
        'cache-control': control,
        age: fc.oneof(digits, text),
        expires: fc.oneof(day, text),
        date: fc.oneof(day, text),
        'retry-after': fc.oneof(digits, day, text),
      },
      { requiredKeys: [] },
    )
    .map((record) => {
      const set = new Headers()
      for (const [name, value] of Object.entries(record)) {
        if (/^[\x20-\x7e]*$/.test(value)) set.set(name, value)
      }
      return set
    })

  it('C3 is undefined or a finite number, within its bounds once bounded, whatever the headers say', () => {
    fc.assert(
      fc.property(headers, (given) => {
        const said = freshnessOf(given)
        if (said !== undefined) expect(Number.isFinite(said)).toBe(true)
        const bounded = boundedFreshness(said, 60, 3600)
        expect(bounded === undefined).toBe(said === undefined)
        if (bounded !== undefined) expect(bounded >= 60 && bounded <= 3600).toBe(true)
        const pause = retryAfterOf(given)
        if (pause !== undefined) expect(Number.isFinite(pause) && pause >= 0).toBe(true)
      }),
      { numRuns: tries(1000) },
    )
  })
})

describe('boundedFreshness', () => {
  it.each([
    [0, 60],
    [-1e300, 60],
    [600, 600],
    [1e300, 3600],
    [NaN, undefined],
    [Infinity, undefined],
    [-Infinity, undefined],
    ['600', undefined],
    [null, undefined],
    [undefined, undefined],
    [[600], undefined],
    [{ valueOf: (): number => 600 }, undefined],
  ])('C3 of %s is %s', (seconds, bounded) => {
    expect(boundedFreshness(seconds, 60, 3600)).toBe(bounded)
  })
})

describe('retryAfterOf', () => {
  it.each<[string, number | undefined]>([
    ['7', 7],
    ['999999999', 999_999_999],
    ['1000000000', undefined],
    ['7 s', undefined],
    ['in 7', undefined],
    [nines, undefined],
    ['-7', undefined],
    ['1e3', undefined],
    ['7.5', undefined],
    ['Infinity', undefined],
    ['Xxx, 99 Xxx 9999 99:99:99 GMT', undefined],
  ])('C3 of %s is %s', (value, seconds) => {
    const date = 'Sun, 06 Nov 1994 08:49:37 GMT'
    expect(retryAfterOf(new Headers({ 'retry-after': value, date }))).toBe(seconds)
  })
})
