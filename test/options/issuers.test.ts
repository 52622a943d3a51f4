import { describe, expect, it } from 'vitest'
import { isPlain } from '../../src/hints/plain.ts'
import { issuerOptionNames } from '../../src/options/issuer.ts'
import { issuersSettings, type IssuersSettings } from '../../src/options/issuers.ts'
import { rejection } from '../support/rejection.ts'
import { optionsReader } from '../../src/options/reader.ts'

const entry = { issuer: 'https://a.test/', audience: 'api' }
const asked = { ...entry, introspection: { clientId: 'api', clientSecret: 'secret' } }
const settings = (options: object): IssuersSettings =>
  issuersSettings(optionsReader(options, '', ['issuers', ...issuerOptionNames]), [])

describe('the issuers', () => {
  it('are one, named in the options', () => {
    expect(settings(entry)).toMatchObject({ from: 'options', issuers: [{ issuer: entry.issuer }] })
  })

  it('are a list, with common options for what an entry does not say', () => {
    const issuers = [{ issuer: 'https://a.test/' }, { ...entry, issuer: 'https://b.test/', audience: 'own' }]
    expect(settings({ issuers, audience: 'common' })).toMatchObject({
      from: 'list',
      issuers: [{ rules: { audience: ['common'] } }, { rules: { audience: ['own'] } }],
    })
  })

  it('are what a function decides', () => {
    const issuers = (): undefined => undefined
    expect(settings({ issuers })).toMatchObject({ from: 'function', resolve: issuers, clockTolerance: 30 })
    expect(settings({ issuers, clockTolerance: 7 })).toMatchObject({ clockTolerance: 7 })
  })

  it.each<[object, RegExp]>([
    [{ issuers: [entry], issuer: 'https://b.test/' }, /^issuer: belongs to one issuer/],
    [{ issuers: [entry], jwksUri: 'https://b.test/' }, /^jwksUri: belongs to one issuer/],
    [{ issuers: [] }, /^issuers: must be a list of at least one issuer/],
    [{ issuers: {} }, /^issuers: must be a list/],
    [{ issuers: [entry, 'https://b.test/'] }, /^issuers\[1\]: must be a plain object/],
    [
      { issuers: [entry, { ...entry, audience: 'other' }] },
      /^issuers: two entries name the same issuer, "https:\/\/a\.test\/"; write one entry/,
    ],
    [
      { issuers: ['a', 'b'].map((name) => ({ ...asked, issuer: `https://${name}.test/` })) },
      /^issuers: introspection of opaque tokens is set for two issuers/,
    ],
    [{ issuers: () => undefined, clockTolerance: -1 }, /^clockTolerance: /],
    [{ issuers: () => undefined, algorithms: ['none'] }, /^algorithms: "none" is not an algorithm/],
    [{ issuers: () => undefined, algorithms: ['RS256'], profile: 'fapi2' }, /^algorithms: .*drop RS256$/],
  ])('must not be %j', (options, message) => {
    expect(() => settings(options)).toThrow(TypeError)
    expect(() => settings(options)).toThrow(message)
  })
})

describe('what the function returned', () => {
  /** Settings of what a function returned for an issuer. */
  function vouched(answer: unknown, name = entry.issuer, common: object = { audience: 'common' }): unknown {
    const found = settings({ issuers: () => answer, ...common })
    return found.from === 'function' ? found.settingsOf(name, answer) : found
  }

  it('need not name the issuer, and takes the common options', () => {
    expect(vouched({})).toMatchObject({ issuer: entry.issuer, rules: { audience: ['common'] } })
    expect(vouched(entry)).toMatchObject({ issuer: entry.issuer, rules: { audience: ['api'] } })
    const introspection = { ...asked.introspection, tokens: 'all' }
    expect(vouched({ introspection })).toMatchObject({ introspection: { tokens: 'all' } })
    const common = { audience: 'common', profile: 'fapi2' }
    expect(vouched({}, entry.issuer, common)).toMatchObject({ rules: { profile: 'fapi2' } })
  })

  it.each([undefined, null])('is no issuer: %s', (answer) => {
    expect(vouched(answer)).toBeUndefined()
  })

  it('is no issuer where nobody could have such a name, whatever was returned', () => {
    for (const name of ['https://a.test/b/../c', 'http://a.test/', 'https://a.test/?b', 'a.test']) {
      expect(vouched({}, name)).toBeUndefined()
    }
    const common = { audience: 'common', algorithms: ['HS256', 'ES256'] }
    expect(vouched({ secret: 'x'.repeat(32) }, 'https://a.test/b/../c', common)).toBeUndefined()
    expect(vouched({ jwksUri: 'https://a.test/jwks' }, 'https://a.test/b/../c')).toBeDefined()
  })

  it.each([
    [{ issuer: 'https://b.test/' }, /^issuers\(iss\): must return options for the issuer it was asked about/],
    [true, /^issuers\(iss\): must be a plain object/],
    [{ issuers: [] }, /^issuers\(iss\): unknown option issuers/],
    [{ clients: [] }, /^issuers\(iss\)\.clients: /],
    [{ profile: 'fapi2' }, /^issuers\(iss\)\.profile: profile 'fapi2' is for the whole API/],
    [asked, /^issuers\(iss\)\.introspection\.tokens: must be 'all' with a function of issuers/],
  ])('must not be %j', (answer, message) => {
    expect(() => vouched(answer)).toThrow(message)
  })

  it.each<[string, (promise: unknown) => object]>([
    ['jwks', (jwks) => ({ jwks })],
    ['secret', (secret) => ({ secret })],
    ['one of several secrets', (secret) => ({ secret: ['x'.repeat(32), secret] })],
    ['audience, next to a misspelled option', (audience) => ({ audience, jwk: 1 })],
  ])('A5 may have a promise that rejects as %s: that is a mistake, and ends no process', (_what, answer) => {
    const { make, isHandled } = rejection()
    expect(() => vouched(answer(make()))).toThrow(TypeError)
    expect(isHandled()).toBe(true)
  })
})

describe('a mistake in what the function of issuers returns', () => {
  const mistake = (name: string, answer: unknown): unknown => {
    const found = settings({ issuers: () => undefined })
    try {
      if (found.from === 'function') found.settingsOf(name, answer)
    } catch (error) {
      return error
    }
    return undefined
  }

  it.each([
    ['is shown to operators', 'https://a.test/', { ...entry, now: 1 }, true],
    ['is not, where the name of the token is in it', 'option', { ...entry, now: 1 }, false],
    [
      'is not, where a getter threw it',
      'https://a.test/',
      {
        get audience(): never {
          throw new TypeError('a value')
        },
      },
      false,
    ],
  ])('%s', (_what, name, answer, shown) => {
    const error = mistake(name, answer)
    expect(error).toBeInstanceOf(TypeError)
    expect(isPlain(error as object)).toBe(shown)
  })
})
