import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { dpopSettings, dpopWarnings } from '../../src/options/dpop.ts'

const resource = 'https://api.test:8443/mcp?tenant=a'
const secret = randomBytes(32)
const settings = (options: unknown, profile?: string): ReturnType<typeof dpopSettings> =>
  dpopSettings(options, { resource, profile, certificates: false })
/** Of an API that has no `resource`. */
const without = (options: unknown): ReturnType<typeof dpopSettings> =>
  dpopSettings(options, { resource: undefined, profile: undefined, certificates: false })

describe('the dpop option', () => {
  it('is off when it is not given', () => {
    expect(settings(undefined)).toBeUndefined()
    expect(without(undefined)).toBeUndefined()
  })

  it('has defaults', () => {
    expect(settings({})).toEqual({
      required: false,
      algorithms: [
        ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512'],
        ...['EdDSA', 'Ed25519'],
      ],
      maxAge: 60,
      leeway: 10,
      nonce: undefined,
      reserve: undefined,
      url: undefined,
      origin: 'https://api.test:8443',
    })
  })

  it('takes what is given, up to the bounds', () => {
    const url = (): string => 'https://api.test/'
    const given = { required: true, algorithms: ['ES256'], maxAge: 1, leeway: 0, url }
    expect(settings(given)).toMatchObject(given)
    expect(settings({ maxAge: 600, leeway: 300 })).toMatchObject({ maxAge: 600, leeway: 300 })
  })

  it('permits the algorithms of the FAPI profile alone, and no fewer', () => {
    expect(settings({}, 'fapi2')?.algorithms).toEqual(['PS256', 'ES256', 'EdDSA', 'Ed25519'])
    expect(settings({ algorithms: ['Ed25519'] }, 'fapi2')?.algorithms).toEqual(['Ed25519'])
  })

  it.each([
    ['fapi2', false, true],
    ['fapi2', true, false],
    ['rfc9068', false, false],
  ])(
    'with the profile %s, and certificates accepted: %s, is required: %s',
    (profile, certificates, required) => {
      for (const options of [{}, { required: undefined }, { required }])
        expect(dpopSettings(options, { resource, profile, certificates })?.required).toBe(required)
    },
  )

  it('cannot be optional where nothing else binds tokens, and all must be bound', () => {
    const surroundings = { resource, profile: 'fapi2', certificates: false }
    expect(() => dpopSettings({ required: false }, surroundings)).toThrow(
      new TypeError(
        "dpop.required: with profile 'fapi2' and without mtls no other token can be accepted; leave it out, or set mtls",
      ),
    )
  })

  it('needs resource, and says so', () => {
    expect(() => without({})).toThrow(
      new TypeError(
        "dpop: set resource to the public URL of this API, for example resource: 'https://api.example.com'; a proof names the URL that it was made for",
      ),
    )
  })

  it.each<[string, unknown, string]>([
    ['null', null, 'dpop: must be a plain object of options'],
    ['true', true, 'dpop: must be a plain object of options'],
    ['a misspelled name', { require: true }, 'dpop: unknown option require (did you mean required?)'],
    ['required as text', { required: 'yes' }, 'dpop.required: must be true or false'],
    ['no algorithms', { algorithms: [] }, 'dpop.algorithms: must be a list of at least one string'],
    [
      'the algorithm none',
      { algorithms: ['ES256', 'none'] },
      'dpop.algorithms: "none" is not an algorithm that proofs can be signed with; name ES256, PS256, EdDSA or the like',
    ],
    ['a shared secret', { algorithms: ['HS256'] }, 'dpop.algorithms: "HS256" is not an algorithm'],
    ['a proof of no age', { maxAge: 0 }, 'dpop.maxAge: must be a number from 1 to 600'],
    ['an old proof', { maxAge: 601 }, 'dpop.maxAge: must be a number from 1 to 600'],
    ['a leeway below zero', { leeway: -1 }, 'dpop.leeway: must be a number from 0 to 300'],
    ['a wide leeway', { leeway: 301 }, 'dpop.leeway: must be a number from 0 to 300'],
    [
      'a text as url',
      { url: 'https://api.test' },
      'dpop.url: must be a function, for example (request) => `https://api.example.com/v1${request.url}`',
    ],
    ['true as nonce', { nonce: true }, 'dpop.nonce: must be a plain object of options'],
    ['a misspelled nonce', { nonce: { secrets: [secret] } }, 'dpop.nonce: unknown option secrets'],
    ['a short secret', { nonce: { secret: 'x'.repeat(31) } }, 'dpop.nonce.secret: must have at least 32'],
    ['a short life', { nonce: { secret, lifetime: 9 } }, 'dpop.nonce.lifetime: must be a number from 10'],
    ['a long life', { nonce: { secret, lifetime: 86_401 } }, 'must be a number from 10 to 86400'],
    [
      'null as replay',
      { replay: null },
      'dpop.replay: pass replayStore(), or an object with the function reserve',
    ],
    ['a function as replay', { replay: () => true }, 'dpop.replay: pass replayStore()'],
    ['a store without reserve', { replay: { reserve: true } }, 'dpop.replay: pass replayStore()'],
  ])('refuses %s', (_what, options, message) => {
    expect(() => settings(options)).toThrow(TypeError)
    expect(() => settings(options)).toThrow(message)
  })
})

describe('the nonce', () => {
  it('is off without a secret', () => {
    expect(settings({ nonce: {} })?.nonce).toBeUndefined()
    expect(settings({ nonce: { secret: undefined, lifetime: 60 } })?.nonce).toBeUndefined()
  })

  it('is made with one secret, or with the first of several', () => {
    expect(settings({ nonce: { secret } })?.nonce).toEqual({
      secrets: [Uint8Array.from(secret)],
      lifetime: 300,
    })
    const other = randomBytes(32)
    const { nonce } = settings({ nonce: { secret: [other, secret], lifetime: 10 } }) ?? {}
    expect(nonce).toEqual({ secrets: [Uint8Array.from(other), Uint8Array.from(secret)], lifetime: 10 })
  })
})

it('calls the store as its method', () => {
  const calls: unknown[] = []
  const replay = {
    reserve(this: unknown, ...given: unknown[]): boolean {
      calls.push(this, ...given)
      return true
    },
  }
  expect(settings({ replay })?.reserve?.('key', 7)).toBe(true)
  expect(calls).toEqual([replay, 'key', 7])
})

describe('the warning about a nonce', () => {
  it.each([{ nonce: {} }, { nonce: { secret: undefined, lifetime: 60 } }])('comes with %j', (dpop) => {
    expect(dpopWarnings(dpop)).toMatchObject([
      { code: 'OAUTH_DPOP_NONCE', message: expect.stringContaining('dpop.nonce has no secret') as string },
    ])
  })

  it.each([undefined, {}, { nonce: undefined }, { nonce: { secret } }])('does not come with %j', (dpop) => {
    expect(dpopWarnings(dpop)).toEqual([])
  })

  it.each([null, {}])('D3 is not about what a polluted prototype offers: %j', (value) => {
    const polluted = Object.prototype as { nonce?: unknown }
    polluted.nonce = value
    try {
      expect(dpopWarnings(undefined)).toEqual([])
      expect(dpopWarnings({})).toEqual([])
    } finally {
      delete polluted.nonce
    }
  })
})
