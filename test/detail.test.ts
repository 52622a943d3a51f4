import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isTypeAlone, shownClaims, shownDetail, shownNames } from '../src/detail.ts'

const shown = (actual: unknown, claim = 'iss'): unknown => shownDetail({ claim, actual }).actual

describe('the detail of a refusal', () => {
  it('keeps claim, expected and hint, and is frozen', () => {
    const facts = { claim: 'aud', expected: ['a'], hint: 'do this' }
    expect(shownDetail(facts)).toEqual(facts)
    expect(Object.isFrozen(shownDetail(facts))).toBe(true)
    expect(Object.isFrozen(shownDetail({ ...facts, actual: 'b' }))).toBe(true)
  })

  it('has no actual unless one was given', () => {
    expect(shownDetail({ claim: 'iss' })).not.toHaveProperty('actual')
    expect(shownDetail({ claim: 'iss', actual: undefined })).toHaveProperty('actual', undefined)
  })

  it('leaves what it was given as it is', () => {
    const facts = { claim: 'sub', actual: 'alice' }
    shownDetail(facts)
    expect(facts).toEqual({ claim: 'sub', actual: 'alice' })
  })
})

describe('the value of a claim on the list', () => {
  it.each(['iss', 'aud', 'azp', 'client_id', 'typ', 'alg', 'kid', 'exp', 'nbf', 'iat', 'scope', 'roles'])(
    'is shown: %s',
    (claim) => {
      expect(shownClaims.has(claim)).toBe(true)
      expect(shown('value', claim)).toBe('value')
    },
  )

  it.each([0, -1, 1.5, 1e300, true, false, undefined, ''])('is shown as it is: %s', (value) => {
    expect(shown(value)).toBe(value)
  })

  it.each<[unknown, string]>([
    [null, 'null'],
    [{}, 'object'],
    [{ iss: 'secret' }, 'object'],
    [['a', 7], 'list'],
    [[['a']], 'list'],
    [[null], 'list'],
    [1n, 'bigint'],
    [() => 1, 'function'],
    [Symbol('secret'), 'symbol'],
  ])('is shown as a type alone when it is no text, number or list of texts: %o', (value, type) => {
    expect(shown(value)).toBe(type)
  })

  it('is a list of names only where there may be several', () => {
    for (const claim of ['aud', 'scope', 'roles']) expect(shown(['a', 'b'], claim)).toEqual(['a', 'b'])
    for (const claim of ['iss', 'kid']) expect(shown(['a', 'b'], claim)).toBe('list')
  })

  it('is marked where its type alone is shown', () => {
    expect(isTypeAlone(shownDetail({ claim: 'exp', actual: {} }))).toBe(true)
    expect(JSON.stringify(shownDetail({ claim: 'exp', actual: {} }))).toBe(
      '{"claim":"exp","actual":"object"}',
    )
    for (const facts of [
      { claim: 'exp', actual: 7 },
      { claim: 'exp', actual: undefined },
      { claim: 'sub', actual: {} },
    ])
      expect(isTypeAlone(shownDetail(facts))).toBe(false)
  })

  it('is shown up to 128 characters', () => {
    expect(shown('x'.repeat(128))).toBe('x'.repeat(128))
    expect(shown('x'.repeat(129))).toBe('x'.repeat(128))
    expect(shown('x'.repeat(1_000_000))).toBe('x'.repeat(128))
  })

  it('is shown up to ten names of up to 128 characters', () => {
    const names = Array.from({ length: 12 }, (_, index) => `${index}${'x'.repeat(200)}`)
    expect(shown(names, 'aud')).toEqual(names.slice(0, 10).map((name) => name.slice(0, 128)))
    expect(shown(['a', 'a\n'], 'aud')).toEqual(['a', 'a\\u000a'])
    expect(shown([], 'aud')).toEqual([])
  })
})

describe('the value of a claim outside the list', () => {
  it.each(['sub', 'email', 'jti', 'cnf', 'nonce', 'ISS', 'iss ', '', '__proto__', 'constructor', 'toString'])(
    'is not shown: %s',
    (claim) => {
      expect(shownClaims.has(claim)).toBe(false)
      expect(shown('alice', claim)).toBe('string')
    },
  )

  it.each<[unknown, string]>([
    [undefined, 'absent'],
    [null, 'null'],
    ['alice', 'string'],
    [7, 'number'],
    [true, 'boolean'],
    [['alice'], 'list'],
    [{ alice: 1 }, 'object'],
  ])('is shown as a type: %o', (value, type) => {
    expect(shown(value, 'sub')).toBe(type)
    expect(shownDetail({ actual: value }).actual, 'without a claim').toBe(type)
  })
})

describe('text that would change a log', () => {
  it.each([
    ['a line feed', 'a\nb', 'a\\u000ab'],
    ['a carriage return', 'a\rb', 'a\\u000db'],
    ['the escape of a terminal', '\u001b[2J', '\\u001b[2J'],
    ['NUL', '\0', '\\u0000'],
    ['DEL', '\u007f', '\\u007f'],
    ['a control character of C1', '\u009b31m', '\\u009b31m'],
    ['a line separator', 'a\u2028b', 'a\\u2028b'],
    ['a paragraph separator', 'a\u2029b', 'a\\u2029b'],
    ['the right-to-left override', 'a\u202egpj', 'a\\u202egpj'],
    ['a zero-width space', 'a\u200bb', 'a\\u200bb'],
    ['a byte order mark', '\ufeffa', '\\ufeffa'],
    ['the soft hyphen', 'a\u00adb', 'a\\u00adb'],
    ['a tag character beyond the first plane', '\u{e0041}', '\\ue0041'],
    ['the first half of a pair', 'a\ud83d', 'a\\ud83d'],
    ['the second half of a pair', '\ude00a', '\\ude00a'],
  ])('is escaped: %s', (_what, text, expected) => {
    expect(shown(text)).toBe(expected)
    expect(shownNames([text])).toEqual([expected])
  })

  it.each(['https://issuer.test/?a=b&c="d"', 'é', '日本', '😀', 'a b\u00a0c'])('leaves %s alone', (text) => {
    expect(shown(text)).toBe(text)
  })

  it('is never cut so that half of a pair is left', () => {
    for (const length of [126, 127, 128]) {
      const text = shown(`${'x'.repeat(length)}😀😀`) as string
      expect(text.length).toBeLessThanOrEqual(128)
      expect(text.isWellFormed()).toBe(true)
    }
  })

  it('is never shown longer than 128 characters, nor with a character that is not printable', () => {
    const unit = fc.oneof(
      fc.nat({ max: 0xffff }).map((code) => String.fromCharCode(code)),
      fc.constantFrom('\n', '\u001b', '\ud83d', '\u202e', 'x'),
    )
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 140 }), (text) => {
        const value = shown(text) as string
        expect(value.length).toBeLessThanOrEqual(128)
        expect(value).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u)
      }),
    )
  })
})

describe('names', () => {
  it('are shown from anything that yields them, ten at most', () => {
    const set = new Set(Array.from({ length: 20 }, (_, index) => `scope-${index}`))
    expect(shownNames(set)).toHaveLength(10)
    expect(shownNames(set)[9]).toBe('scope-9')
    expect(shownNames([])).toEqual([])
  })

  it('are read no further than they are shown', () => {
    let read = 0
    function* endless(): Generator<string> {
      for (;;) yield `scope-${read++}`
    }
    expect(shownNames(endless())).toHaveLength(10)
    expect(read).toBeLessThanOrEqual(11)
  })
})
