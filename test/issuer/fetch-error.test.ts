import { describe, expect, it } from 'vitest'
import { causedBy, described, FetchError } from '../../src/issuer/fetch-error.ts'
import { UnusableKeySetError } from '../../src/jose/key-set.ts'

const url = 'https://issuer.test/jwks'
const named = (name: unknown): unknown => ({ name })
/** An error behind so many others. */
const behind = (count: number, error: unknown): unknown =>
  count === 0 ? error : { cause: behind(count - 1, error) }

describe('what failed', () => {
  it.each<[string, unknown, string | undefined]>([
    ['64 capitals', { code: 'E'.repeat(64) }, 'E'.repeat(64)],
    ['65 capitals', { code: 'E'.repeat(65) }, undefined],
    ['digits and lines', { code: 'UND_ERR_2' }, 'UND_ERR_2'],
    ['a digit first', { code: '2E' }, undefined],
    ['small letters', { code: 'econnrefused' }, undefined],
    ['small letters at the end', { code: 'ECONNrefused' }, undefined],
    ['a code four errors down', behind(4, { code: 'EPIPE' }), 'EPIPE'],
    ['a code five errors down', behind(5, { code: 'EPIPE' }), undefined],
    ['errors that are no list', { errors: { 0: { code: 'EPIPE' } } }, undefined],
    ['null', null, undefined],
    ['nothing', undefined, undefined],
  ])('has the code of %s', (_title, cause, code) => {
    expect(new FetchError('it failed', { cause }).code).toBe(code)
  })

  it.each<[unknown, string | undefined]>([
    [new TypeError('x'), 'TypeError'],
    [named('MyError'), 'MyError'],
    [named(`E${'x'.repeat(63)}Error`), `E${'x'.repeat(63)}Error`],
    [named(`E${'x'.repeat(64)}Error`), undefined],
    [named('myError'), undefined],
    [named('see MyError'), undefined],
    [named('MyError at https://user:secret@issuer.test'), undefined],
    [named('My-Error'), undefined],
    [named(7), undefined],
    [named('AbortError'), undefined],
    [named('TimeoutError'), undefined],
    [named('UnusableKeySetError'), undefined],
    [named('MyTimeoutError'), 'MyTimeoutError'],
    [null, undefined],
    [Object.assign(new TypeError('x'), { code: 'EPIPE' }), undefined],
  ])('has the name of what was thrown, without a code: %j', (cause, thrown) => {
    expect(new FetchError('it failed', { cause }).thrown).toBe(thrown)
  })

  it('keeps why a key set is unusable, and no other cause', () => {
    const unusable = new UnusableKeySetError('x')
    expect(new FetchError('it failed', { cause: unusable }).cause).toBe(unusable)
    expect(
      new FetchError('it failed', { cause: new Error('see https://user:secret@issuer.test') }),
    ).not.toHaveProperty('cause')
  })
})

describe('at a URL', () => {
  const detail = { hint: 'check it' }

  it('has everything it had, and the URL without query', () => {
    const facts = { status: 503, retryAfter: 7, detail, cause: { code: 'EPIPE' } }
    expect(new FetchError('it failed', facts).at(`${url}?key=secret`)).toMatchObject({
      name: 'FetchError',
      message: 'it failed',
      status: 503,
      retryAfter: 7,
      detail,
      code: 'EPIPE',
      thrown: undefined,
      url,
    })
    expect(new FetchError('it failed', { cause: new TypeError('x') }).at(url).thrown).toBe('TypeError')
  })

  it('gets what to do about it', () => {
    const facts = { status: 401, retryAfter: 7, url, detail, cause: { code: 'EPIPE' } }
    const error = new FetchError('it failed', facts)
    expect(error.advised('check clientId')).toMatchObject({
      ...{ message: 'it failed', status: 401, retryAfter: 7, url, code: 'EPIPE', thrown: undefined },
      detail: { hint: 'check clientId' },
    })
    expect(error.advised(undefined)).toBe(error)
  })

  it('stays where it was', () => {
    const error = new FetchError('it failed', { url })
    expect(error.at('https://issuer.test/other')).toBe(error)
  })
})

it.each<[ConstructorParameters<typeof FetchError>[1], string]>([
  [{}, 'it failed'],
  [{ url }, `it failed at ${url}`],
  [{ url, cause: { code: 'EPIPE' } }, `it failed at ${url}, EPIPE`],
  [{ cause: new TypeError('x') }, 'it failed, TypeError'],
])('%j is told in one sentence: %s', (facts, sentence) => {
  expect(described(new FetchError('it failed', facts))).toBe(sentence)
})

describe('what a refusal says', () => {
  const detail = { claim: 'iss', expected: 'a', actual: 'b', hint: 'check it' }

  it.each<[string, FetchError, object]>([
    ['its own hint', new FetchError('it failed', { detail }), { ...detail, hint: 'it failed (check it)' }],
    [
      'the hint about the status',
      new FetchError('it failed', { status: 500 }),
      { hint: 'it failed (the issuer is out of order: it is tried again by itself)' },
    ],
    ['no hint', new FetchError('it failed', { status: 200 }), { hint: 'it failed' }],
  ])('of a failed fetch has %s', (_title, cause, expected) => {
    expect(causedBy(cause)).toEqual({ cause, detail: expected })
  })

  it('is nothing where no fetch failed', () => {
    expect(causedBy(undefined)).toEqual({})
  })
})
