import { describe, expect, it } from 'vitest'
import { audienceOf, requiredAudience } from '../../src/options/audience.ts'
import { optionsReader } from '../../src/options/reader.ts'

type Reader = Parameters<typeof audienceOf>[0]

const names = ['audience', 'clients', 'profile'] as const
const read = (options: object, path = ''): Reader => optionsReader(options, path, names)

describe.each([
  ['audienceOf', audienceOf],
  ['requiredAudience', requiredAudience],
] as const)('%s', (_name, audience) => {
  it.each<[unknown, readonly string[]]>([
    ['a', ['a']],
    [['a'], ['a']],
    [
      ['a', 'b'],
      ['a', 'b'],
    ],
  ])('reads %j as a list', (given, expected) => {
    expect(audience(read({ audience: given }))).toEqual(expected)
  })

  it('refuses an empty text', () => {
    expect(() => audience(read({ audience: '' }, 'issuers[1]'))).toThrow(
      new TypeError('issuers[1].audience: must be a string that is not empty, or a list of such strings'),
    )
  })

  it.each([[[]], [['']], [['a', '']], [['a', 1]], [7], [{}], [true], [new Set(['a'])]])(
    'refuses %j',
    (given) => {
      expect(() => audience(read({ audience: given }))).toThrow(
        new TypeError('audience: must be a list of at least one string, none of them empty'),
      )
    },
  )
})

describe('an audience that is not given', () => {
  it('is nothing, where it may be missing', () => {
    expect(audienceOf(read({}))).toBeUndefined()
  })

  it.each([
    ['audience', '', ' (or OAUTH_AUDIENCE)'],
    ['issuers[0].audience', 'issuers[0]', ''],
  ])('is a mistake for an issuer: %s', (name, path, environment) => {
    expect(() => requiredAudience(read({ clients: ['web'] }, path))).toThrow(
      new TypeError(
        `${name}: set the audience of this API${environment}; without it every API's tokens would be accepted`,
      ),
    )
  })
})

describe('the audience null', () => {
  it.each([{}, { profile: 'compatible' }, { profile: 'fapi2' }])(
    'needs the list of clients, and is accepted with it: %j',
    (options) => {
      const clients = ['web']
      expect(audienceOf(read({ ...options, audience: null }))).toBeNull()
      expect(requiredAudience(read({ ...options, audience: null, clients }))).toBeNull()
      expect(() => requiredAudience(read({ ...options, audience: null }, 'issuers[0]'))).toThrow(
        new TypeError(
          'issuers[0].audience: null is accepted only together with clients, the list of clients to accept',
        ),
      )
      expect(() => requiredAudience(read({ ...options, audience: null, clients: [] }))).toThrow(/^clients: /)
    },
  )

  it('contradicts the profile rfc9068', () => {
    const options = { audience: null, clients: ['web'], profile: 'rfc9068' }
    expect(() => requiredAudience(read(options, 'issuers[0]'))).toThrow(
      new TypeError(
        "issuers[0].audience: null contradicts profile 'rfc9068': RFC 9068 §4 requires that the audience is checked; name the audience, or leave the profile out",
      ),
    )
  })
})
