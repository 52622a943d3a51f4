import { createResourceServer } from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'
import {
  audience,
  b64,
  type CaseDetails,
  countingFetch,
  createRange,
  issuerName,
  outcomeOf,
  parts,
  type Range,
  shown,
  type TokenCase,
  tryTokens,
} from '../support/range.ts'

const withClaims = (change: object) => (range: Range) => range.issuer.sign({ ...change })
/** A claim so many seconds from now. */
const at =
  (name: string, seconds: number, rest: object = {}) =>
  (range: Range) =>
    range.issuer.sign({ [name]: range.now() + seconds, ...rest })
const options = (changed: object): CaseDetails => ({ options: { ...changed } })
const strict = options({ profile: 'rfc9068' })

const noNumbers: readonly unknown[] = [
  null,
  '',
  '1800000300',
  'tomorrow',
  true,
  false,
  [],
  [1_800_000_300],
  {},
  { valueOf: 1_800_000_300 },
]
/** Seconds in a hundred years. */
const century = 3_155_760_000
const noStrings = [null, 7, 0, true, false, [], ['a'], {}, { value: 'a' }]

/** Names that a comparison which folds, trims, splits or normalises would take for the issuer's. */
const nearIssuers = [
  'https://issuer.test',
  'https://issuer.test//',
  'https://issuer.test/.',
  'https://issuer.test/?',
  'https://issuer.test/#',
  'https://ISSUER.test/',
  'HTTPS://issuer.test/',
  'http://issuer.test/',
  'https://issuer.test:443/',
  'https://issuer.test./',
  'https://user@issuer.test/',
  'https://issuer.test/%',
  'https://%69ssuer.test/',
  'https://іssuer.test/',
  'https://xn--ssuer-n4a.test/',
  'https://issuer.test/tenant',
  'https://issuer.test.evil.test/',
  'https://evil.test/https://issuer.test/',
  'https://evil.test/?iss=https://issuer.test/',
  ' https://issuer.test/',
  'https://issuer.test/ ',
  'https://issuer.test/\n',
  'https://issuer.test/\u200b',
  'xhttps://issuer.test/',
  'https://issuer.test/x',
  'ttps://issuer.test/',
  'issuer.test',
  'https://',
  '/',
  '.*',
  'https://issuer.test/,https://evil.test/',
  'https://evil.test/ https://issuer.test/',
]
const nearAudiences = [
  'https://api.tes',
  'ttps://api.test',
  'https://api.test/',
  'https://api.test#',
  'https://API.test',
  'HTTPS://api.test',
  'http://api.test',
  'https://api.test:443',
  'https://api.test/v1',
  'https://api.test.evil.test',
  'https://evil.test/https://api.test',
  'https://api.test other',
  'other https://api.test',
  'https://api.test,other',
  ' https://api.test',
  'https://api.test ',
  'https://api.test\0',
  'https://аpi.test',
  'api.test',
  '*',
  '.*',
  '',
  '["https://api.test"]',
]

const cases: readonly TokenCase[] = [
  ['CLM class: the token the others differ from is accepted', withClaims({}), 'accepted'],

  ['CLM-1 no exp', withClaims({ exp: undefined }), 'claim'],
  ...noNumbers.flatMap((value): TokenCase[] => [
    [`CLM-1 class: ${JSON.stringify(value)} as exp`, withClaims({ exp: value }), 'claim'],
    [`CLM-6 ${JSON.stringify(value)} as nbf`, withClaims({ nbf: value }), 'claim'],
    [`CLM-8 ${JSON.stringify(value)} as iat`, withClaims({ iat: value }), 'claim'],
  ]),
  ['CLM-2 exp one second ahead is accepted', at('exp', 1), 'accepted'],
  ['CLM-2 exp an hour ago', at('exp', -3600, { iat: undefined }), 'expired'],
  ['CLM-2 exp now, without tolerance', at('exp', 0), 'expired', options({ clockTolerance: 0 })],
  [
    'CLM-2 exp a millisecond ahead, without tolerance, is accepted',
    at('exp', 0.001),
    'accepted',
    options({ clockTolerance: 0 }),
  ],
  [
    'CLM-2 exp a millisecond ago, without tolerance',
    at('exp', -0.001, { iat: undefined }),
    'expired',
    options({ clockTolerance: 0 }),
  ],
  ['CLM-2 exp within the tolerance is accepted', at('exp', -29, { iat: undefined }), 'accepted'],
  ['CLM-2 exp as long ago as the tolerance', at('exp', -30, { iat: undefined }), 'expired'],
  [
    'CLM-2 exp as long ago as the greatest tolerance',
    at('exp', -300, { iat: undefined }),
    'expired',
    options({ clockTolerance: 300 }),
  ],
  [
    'CLM-2 exp a second less ago than the greatest tolerance is accepted',
    at('exp', -299, { iat: undefined }),
    'accepted',
    options({ clockTolerance: 300 }),
  ],
  ['CLM-2 exp zero', withClaims({ exp: 0, iat: undefined }), 'expired'],
  ['CLM-2 exp below zero', withClaims({ exp: -1, iat: undefined }), 'claim'],
  ['CLM-2 exp of a fraction is accepted', at('exp', 60.5), 'accepted'],
  // Read as seconds it is far ahead; read as milliseconds it would be the present.
  ['CLM-4 exp in milliseconds', (range) => range.issuer.sign({ exp: range.now() * 1000 }), 'claim'],
  ['CLM-4 exp in the year 9999', withClaims({ exp: 253_402_300_799 }), 'claim'],
  ['CLM-4 exp a century ahead is accepted', at('exp', century), 'accepted'],
  ['CLM-4 exp a second more than a century ahead', at('exp', century + 1), 'claim'],
  [
    'CLM-4 exp a century ahead under a greatest age goes by iat',
    at('exp', century),
    'accepted',
    options({ maxTokenAge: 60 }),
  ],
  [
    'CLM-4 exp a century ahead and iat too old',
    (range) => range.issuer.sign({ exp: range.now() + century, iat: range.now() - 91 }),
    'too_old',
    options({ maxTokenAge: 60 }),
  ],
  ['CLM-5 nbf beyond the tolerance', at('nbf', 31), 'not_yet_valid'],
  ['CLM-5 nbf as far ahead as the tolerance is accepted', at('nbf', 30), 'accepted'],
  ['CLM-5 nbf a millisecond beyond the tolerance', at('nbf', 30.001), 'not_yet_valid'],
  ['CLM-5 nbf now, without tolerance, is accepted', at('nbf', 0), 'accepted', options({ clockTolerance: 0 })],
  ['CLM-5 nbf in the past is accepted', at('nbf', -3600), 'accepted'],
  ['CLM-6 nbf below zero', withClaims({ nbf: -1 }), 'claim'],
  ['CLM-7 iat beyond the tolerance', at('iat', 31), 'not_yet_valid'],
  ['CLM-7 iat as far ahead as the tolerance is accepted', at('iat', 30), 'accepted'],
  ['CLM-7 iat in the year 9999', withClaims({ iat: 253_402_300_799 }), 'not_yet_valid'],
  ['CLM-7 iat in milliseconds', (range) => range.issuer.sign({ iat: range.now() * 1000 }), 'not_yet_valid'],
  ['CLM-8 iat below zero', withClaims({ iat: -1 }), 'claim'],
  ['CLM-8 no iat is accepted', withClaims({ iat: undefined }), 'accepted'],
  ['CLM-9 iat as old as may be is accepted', at('iat', -60), 'accepted', options({ maxTokenAge: 60 })],
  ['CLM-9 iat older by the tolerance is accepted', at('iat', -90), 'accepted', options({ maxTokenAge: 60 })],
  ['CLM-9 iat older than that', at('iat', -90.001), 'too_old', options({ maxTokenAge: 60 })],
  [
    'CLM-9 no iat where there is a greatest age',
    withClaims({ iat: undefined }),
    'claim',
    options({ maxTokenAge: 60 }),
  ],
  [
    'CLM-10 exp before iat',
    (range) => range.issuer.sign({ iat: range.now(), exp: range.now() - 1 }),
    'claim',
  ],
  [
    'CLM-10 nbf after exp',
    (range) => range.issuer.sign({ nbf: range.now() + 4, exp: range.now() + 3 }),
    'claim',
  ],

  ['CLM-11 no iss', withClaims({ iss: undefined }), 'issuer'],
  ...[...noStrings, [issuerName], { toString: issuerName }].map((iss): TokenCase => [
    `CLM-11 ${JSON.stringify(iss)} as iss`,
    withClaims({ iss }),
    'issuer',
  ]),
  ['CLM-11 an empty iss', withClaims({ iss: '' }), 'issuer'],
  ...nearIssuers.flatMap((iss): TokenCase[] => [
    [`CLM-14 ${JSON.stringify(iss)}, nearly the issuer`, withClaims({ iss }), 'issuer'],
  ]),
  ['CLM-13 the name of the issuer within another', withClaims({ iss: `_${issuerName}_` }), 'issuer'],

  ['CLM-17 no aud', withClaims({ aud: undefined }), 'audience'],
  ...[
    null,
    '',
    [],
    7,
    {},
    true,
    false,
    [[]],
    [[audience]],
    [''],
    [null],
    { 0: audience, length: 1 },
    { [audience]: true },
  ].map((aud): TokenCase => [`CLM-17 ${JSON.stringify(aud)} as aud`, withClaims({ aud }), 'audience']),
  ...[1, null, ['x'], {}, true].map((stranger): TokenCase => [
    `CLM-18 our name beside ${JSON.stringify(stranger)} in aud`,
    withClaims({ aud: [audience, stranger] }),
    'audience',
  ]),
  ...nearAudiences.flatMap((aud): TokenCase[] => [
    [`CLM-19 ${JSON.stringify(aud)}, nearly our name`, withClaims({ aud }), 'audience'],
    [
      `CLM-19 ${JSON.stringify(aud)}, nearly our name, in a list`,
      withClaims({ aud: ['other', aud] }),
      'audience',
    ],
  ]),
  [
    'CLM-20 our name among others is accepted',
    withClaims({ aud: ['other', audience, 'another'] }),
    'accepted',
  ],
  ['CLM-20 our name alone in a list is accepted', withClaims({ aud: [audience] }), 'accepted'],
  [
    'CLM-20 our second name is accepted',
    withClaims({ aud: 'two' }),
    'accepted',
    options({ audience: ['one', 'two'] }),
  ],
  [
    'CLM-20 a name that is the two of ours joined',
    withClaims({ aud: 'one two' }),
    'audience',
    options({ audience: ['one', 'two'] }),
  ],

  ['CLM-24 no sub under RFC 9068', withClaims({ sub: undefined }), 'claim', strict],
  ['CLM-24 an empty sub under RFC 9068', withClaims({ sub: '' }), 'claim', strict],
  ['CLM-24 no sub is accepted otherwise', withClaims({ sub: undefined }), 'accepted'],
  ...['sub', 'jti', 'client_id', 'azp', 'cid', 'appid', 'sid'].flatMap((name) =>
    noStrings.map((value): TokenCase => [
      `CLM-24 class: ${JSON.stringify(value)} as ${name}`,
      withClaims({ [name]: value }),
      'claim',
    ]),
  ),
  // No decision depends on these until a guard asks for them.
  ...noStrings.map((value): TokenCase => [
    `CLM-24 class: ${JSON.stringify(value)} as acr is accepted`,
    withClaims({ acr: value }),
    'accepted',
  ]),
  ...noNumbers.map((value): TokenCase => [
    `CLM class: ${JSON.stringify(value)} as auth_time is accepted`,
    withClaims({ auth_time: value }),
    'accepted',
  ]),
  ...[null, 'pwd', 7, [7], [null], {}].map((value): TokenCase => [
    `CLM class: ${JSON.stringify(value)} as amr is accepted`,
    withClaims({ amr: value }),
    'accepted',
  ]),
  ['CLM-25 a sub that is a client is accepted', withClaims({ sub: 'client-1' }), 'accepted'],
  [
    'CLM-26 no jti where it is asked for',
    withClaims({ jti: undefined }),
    'claim',
    options({ requiredClaims: ['jti'] }),
  ],
  [
    'CLM-26 a jti of null where it is asked for',
    withClaims({ jti: null }),
    'claim',
    options({ requiredClaims: ['jti'] }),
  ],
  ...['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti'].map((name): TokenCase => [
    `CLM-27 no ${name} under RFC 9068`,
    withClaims({ [name]: undefined }),
    name === 'iss' ? 'issuer' : name === 'aud' ? 'audience' : 'claim',
    strict,
  ]),
  ['CLM-27 the claims of RFC 9068 are accepted under it', withClaims({}), 'accepted', strict],
  [
    'CLM class: a claim asked for that only every object has',
    withClaims({}),
    'claim',
    options({ requiredClaims: ['toString'] }),
  ],
  ['CLM class: a client that is accepted', withClaims({}), 'accepted', options({ clients: ['client-1'] })],
  ['CLM class: another client', withClaims({}), 'claim', options({ clients: ['client-2'] })],
  [
    'CLM class: no client where clients are named',
    withClaims({ client_id: undefined }),
    'claim',
    options({ clients: ['client-1'] }),
  ],
  [
    'CLM class: azp does not stand in for a client_id that is there',
    withClaims({ client_id: 'other', azp: 'client-1' }),
    'claim',
    options({ clients: ['client-1'] }),
  ],
  [
    'CLM class: azp stands in for a client_id that is not',
    withClaims({ client_id: undefined, azp: 'client-1' }),
    'accepted',
    options({ clients: ['client-1'] }),
  ],
  [
    'CLM class: no aud, where clients take its place, is accepted',
    withClaims({ aud: undefined }),
    'accepted',
    options({ audience: null, clients: ['client-1'] }),
  ],
  [
    'CLM class: a broken aud, also where clients take its place',
    withClaims({ aud: 7 }),
    'audience',
    options({ audience: null, clients: ['client-1'] }),
  ],
  ['CLM-31 an act chain as deep as may be is accepted', withClaims({ act: chain(30) }), 'accepted'],
  ['CLM-31 an act chain two hundred deep', withClaims({ act: chain(200) }), 'malformed'],
  ['CLM-31 an act chain a thousand deep', withClaims({ act: chain(1000) }), 'too_large'],
  [
    'CLM-31 claims within vc do not count',
    (range) => range.issuer.sign({ exp: undefined, vc: { exp: range.now() + 300 } }),
    'claim',
  ],
  ...[
    { jkt: 'x' },
    { 'x5t#S256': 'x' },
    { jwk: {} },
    { jku: 'https://attacker.test/' },
    { unknown: 1 },
    {},
  ].map((cnf): TokenCase => [
    `CLM class: a token bound by ${JSON.stringify(cnf)} sent as Bearer`,
    withClaims({ cnf }),
    'binding',
  ]),
  ...[null, 'x', [], false].flatMap((value): TokenCase[] => [
    [`CLM class: ${JSON.stringify(value)} as cnf`, withClaims({ cnf: value }), 'claim'],
    [`CLM class: ${JSON.stringify(value)} as act`, withClaims({ act: value }), 'claim'],
  ]),
  [
    'CLM class: claims that are right on top of a wrong signature',
    async (range) => {
      const [header, , mac] = parts(await range.issuer.sign())
      return `${header}.${b64(JSON.stringify(range.claims({ sub: 'admin' })))}.${mac}`
    },
    'signature',
  ],
]

function chain(depth: number): object {
  return depth === 0 ? { sub: 'first' } : { sub: 'next', act: chain(depth - 1) }
}

tryTokens('claims', cases)

describe('several issuers', () => {
  const one = 'https://one.test/'
  const two = 'https://two.test/'

  async function pair(): Promise<{
    api: ReturnType<typeof createResourceServer>
    first: Range['issuer']
    second: Range['issuer']
    calls: string[]
  }> {
    const first = await createTestIssuer({ issuer: one, audience })
    const second = await createTestIssuer({ issuer: two, audience })
    const shared = (issuer: Range['issuer']) => () => ({
      keys: issuer.jwks.keys.map((key) => ({ ...key, kid: 'same' })),
    })
    const { fetch, calls } = countingFetch({ [`${one}keys`]: shared(first), [`${two}keys`]: shared(second) })
    const api = createResourceServer({
      audience,
      issuers: [
        { issuer: one, jwksUri: `${one}keys` },
        { issuer: two, jwksUri: `${two}keys` },
      ],
      fetch,
    })
    await api.ready()
    calls.length = 0
    return { api, first, second, calls }
  }

  it('CLM-15 refuses a token that names one issuer and was signed by another', async () => {
    const { api, second, calls } = await pair()
    const token = await second.sign({ iss: one }, { kid: 'same' })
    expect(await outcomeOf(() => api.verify(token), token)).toEqual({
      status: 401,
      code: 'invalid_token',
      reason: 'signature',
    })
    expect(calls).toEqual([])
  })

  it('CLM-16 verifies each with its own keys under one key id, in any order', async () => {
    const { api, first, second, calls } = await pair()
    for (let round = 0; round < 3; round++) {
      for (const issuer of [first, second]) {
        const token = await issuer.sign({}, { kid: 'same' })
        expect((await api.verify(token)).issuer).toBe(issuer.issuer)
      }
    }
    expect(calls).toEqual([])
  })

  it.each([...nearIssuers, 'https://three.test/', '__proto__', 'constructor'])(
    'CLM-14 asks nobody about a token of %s',
    async (iss) => {
      const { api, first, calls } = await pair()
      const token = await first.sign({ iss }, { kid: 'same' })
      expect(await outcomeOf(() => api.verify(token), token)).toMatchObject({
        status: 401,
        reason: 'unknown_issuer',
      })
      expect(calls).toEqual([])
    },
  )
})

describe('claims as the caller sees them', () => {
  it('CLM-25 tells the client apart from the subject', async () => {
    const { issuer } = await createRange()
    const auth = await createResourceServer(issuer.options).verify(await issuer.sign({ sub: 'client-1' }))
    expect(auth).toMatchObject({ subject: 'client-1', clientId: 'client-1' })
  })

  it.each([
    ['an hour back', -3600, 'not_yet_valid'],
    ['an hour on', 3600, 'expired'],
  ] as const)(
    'CLM-29 checks a remembered token by a clock that jumped %s',
    async (_title, seconds, reason) => {
      const { issuer, clock } = await createRange()
      const api = createResourceServer(issuer.options)
      const token = await issuer.sign()
      await api.verify(token)
      clock.advance(seconds)
      expect(await outcomeOf(() => api.verify(token), token)).toMatchObject({ reason })
      clock.advance(-seconds)
      expect(await outcomeOf(() => api.verify(token), token)).toMatchObject({ reason: 'accepted' })
    },
  )
})

describe('options about claims', () => {
  const good = { issuer: issuerName, audience, jwksUri: 'https://issuer.test/keys' }

  it.each([
    ['CLM-22 no audience', { audience: undefined }, /^audience:/],
    ['CLM-22 an empty audience', { audience: '' }, /^audience:/],
    ['CLM-22 an empty list of audiences', { audience: [] }, /^audience:/],
    ['CLM-22 an empty name among audiences', { audience: ['a', ''] }, /^audience:/],
    ['CLM-22 null as audience without clients', { audience: null }, /^audience: null/],
    ['CLM-22 false as audience', { audience: false }, /^audience:/],
    ['CLM-22 no issuer', { issuer: undefined }, /^issuer/],
    ['CLM-22 an empty issuer', { issuer: '' }, /^issuer/],
    ['CLM-22 null as issuer', { issuer: null }, /^issuer/],
    ['CLM-22 a list of issuers as issuer', { issuer: [issuerName] }, /^issuer/],
    ['CLM-22 a function as issuer', { issuer: () => true }, /^issuer/],
    ['CLM-23 a RegExp as audience', { audience: /api/ }, /^audience:/],
    ['CLM-23 a RegExp among audiences', { audience: [/api/gy] }, /^audience:/],
    ['CLM-23 a RegExp as issuer', { issuer: /issuer/ }, /^issuer/],
    ...['clockTolerance', 'maxTokenAge'].flatMap((name) =>
      [NaN, Infinity, -Infinity, -1, '5', null, [5], {}, true].map(
        (value) =>
          [
            `CLM-28 ${typeof value === 'number' ? value : shown(value)} as ${name}`,
            { [name]: value },
            new RegExp(`^${name}:`),
          ] as const,
      ),
    ),
    ['CLM-28 a tolerance of 301', { clockTolerance: 301 }, /^clockTolerance:/],
    ['CLM-28 a greatest age of zero', { maxTokenAge: 0 }, /^maxTokenAge:/],
    ['CLM-28 a clock that is no function', { now: 1_800_000_000 }, /^now:/],
    ['CLM class: requiredClaims that is one name', { requiredClaims: 'jti' }, /^requiredClaims:/],
    ['CLM class: requiredClaims with an empty name', { requiredClaims: [''] }, /^requiredClaims:/],
    ['CLM class: an empty list of clients', { clients: [] }, /^clients:/],
    ['CLM class: one client in place of a list', { clients: 'client-1' }, /^clients:/],
    ['CLM class: an unknown profile', { profile: 'strict' }, /^profile:/],
  ] as const)('%s is a mistake at start-up', (_title, change, message) => {
    const create = (): unknown => createResourceServer({ ...good, ...change } as never)
    expect(create).toThrow(TypeError)
    expect(create).toThrow(message)
  })

  it.each([NaN, Infinity, -Infinity, undefined, '1800000000000', null])(
    'CLM-28 never accepts under a clock that says %s',
    async (time) => {
      const issuer = await createTestIssuer()
      let now: unknown = Date.now()
      const api = createResourceServer({ ...issuer.options, now: () => now as number })
      const token = await issuer.sign()
      await api.verify(token)
      now = time
      await expect(api.verify(token)).rejects.toThrow(TypeError)
    },
  )
})
