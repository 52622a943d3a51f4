import { createResourceServer } from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'
import { invalidTexts, validTexts } from './json-texts.ts'
import {
  type CaseDetails,
  createRange,
  expected,
  kidOf,
  type Range,
  type TokenCase,
  tryTokens,
} from '../support/range.ts'

const goodHeader = (range: Range): string => JSON.stringify(range.header())
const goodPayload = (range: Range): string => JSON.stringify(range.claims())

/** A token signed in good order over these texts or bytes. */
const header = (change: (text: string, range: Range) => string | Uint8Array) => (range: Range) =>
  range.issuer.signRaw(change(goodHeader(range), range), goodPayload(range))
const payload = (change: (text: string, range: Range) => string | Uint8Array) => (range: Range) =>
  range.issuer.signRaw(goodHeader(range), change(goodPayload(range), range))

/** Good claims and one more member, written as it is. */
const plus = (member: string) => payload((text) => `${text.slice(0, -1)},${member}}`)
/** Good claims with one member written in another way. */
const instead = (name: string, member: string) =>
  payload((_text, range) => `${JSON.stringify(range.claims({ [name]: undefined })).slice(0, -1)},${member}}`)

const nested = (depth: number, open: string, inner: string, close: string): string =>
  open.repeat(depth) + inner + close.repeat(depth)
const large: CaseDetails = { options: { maxTokenLength: 65_536 } }

/** Bytes that are no UTF-8, or not the shortest (RFC 3629 §3). */
const brokenUtf8: Readonly<Record<string, readonly number[]>> = {
  'the byte FF': [0xff],
  'the byte FE': [0xfe],
  'a continuation without a start': [0x80],
  'a start without a continuation': [0xc3],
  'a sequence of three without its last byte': [0xe2, 0x82],
  'a sequence of four without its last byte': [0xf0, 0x9f, 0x98],
  'an overlong slash': [0xc0, 0xaf],
  'an overlong slash of three bytes': [0xe0, 0x80, 0xaf],
  'an overlong NUL': [0xc0, 0x80],
  'a surrogate half': [0xed, 0xa0, 0x80],
  'a pair of surrogate halves (CESU-8)': [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80],
  'a code point beyond U+10FFFF': [0xf4, 0x90, 0x80, 0x80],
  'a sequence of five': [0xf8, 0x88, 0x80, 0x80, 0x80],
  'e acute in Latin-1': [0xe9],
}
const withBytes = (text: string, bytes: readonly number[]): Uint8Array => {
  const at = text.lastIndexOf('}')
  return Buffer.concat([Buffer.from(`${text.slice(0, at)},"x":"`), Buffer.from(bytes), Buffer.from('"}')])
}

/** Copied by assignment, each of these would give an object another prototype. */
const protoMembers = [
  ['__proto__ with an object', '"__proto__":{"admin":true}'],
  ['__proto__ with null', '"__proto__":null'],
  ['__proto__ with a value that assignment ignores', '"__proto__":1'],
  ['__proto__ within an object', '"x":{"__proto__":{"admin":true}}'],
  ['__proto__ within a list', '"x":[1,[{"y":{"__proto__":[]}}]]'],
  ['__proto__ in escapes', '"\\u005f_proto__":{"admin":true}'],
  ['__proto__ all in escapes', '"\\u005F\\u005f\\u0070roto\\u005f\\u005f":{}'],
] as const

const members = ['alg', 'kid', 'typ']
const claimNames = ['iss', 'sub', 'aud', 'exp', 'iat', 'jti', 'client_id']

const cases: readonly TokenCase[] = [
  ['JSN class: the token the others differ from is accepted', header((text) => text), 'accepted'],
  ['JSN class: one more claim is accepted', plus('"x":1'), 'accepted'],
  ...members.flatMap((name): TokenCase[] => [
    [
      `JSN-1 ${name} twice in the header, the same`,
      header((text, range) => `{"${name}":${valueOf(range, name)},${text.slice(1)}`),
      'malformed',
    ],
    [
      `JSN-1 ${name} twice in the header, the good one last`,
      header((text) => `{"${name}":"other",${text.slice(1)}`),
      'malformed',
    ],
    [
      `JSN-1 ${name} twice in the header, the good one first`,
      header((text) => `${text.slice(0, -1)},"${name}":"other"}`),
      'malformed',
    ],
  ]),
  ['JSN-1 an unknown parameter twice', header((text) => `${text.slice(0, -1)},"x":1,"x":1}`), 'malformed'],
  ...claimNames.flatMap((name): TokenCase[] => [
    [
      `JSN-2 ${name} twice, the good one last`,
      payload((text) => `{"${name}":null,${text.slice(1)}`),
      'malformed',
    ],
    [
      `JSN-2 ${name} twice, the same`,
      payload((text, range) => `{"${name}":${JSON.stringify(range.claims()[name])},${text.slice(1)}`),
      'malformed',
    ],
  ]),
  ['JSN-2 scope twice', plus('"scope":"read","scope":"admin"'), 'malformed'],
  ['JSN-2 a member twice within a claim', plus('"x":{"a":1,"a":2}'), 'malformed'],
  ['JSN-2 a member twice within a list within a claim', plus('"x":[[{"a":1,"b":2,"a":3}]]'), 'malformed'],
  ['JSN-2 __proto__ twice', plus('"__proto__":1,"__proto__":1'), 'malformed'],
  ['JSN-2 the empty name twice', plus('"":1,"":2'), 'malformed'],
  ['JSN-2 a name in two objects is accepted', plus('"x":[{"a":1},{"a":2}]'), 'accepted'],
  ['JSN-2 a colon in a string does not hide a second name', plus('"x":":","x":":"'), 'malformed'],
  ['JSN-3 a name and the same name with an escape', plus('"s\\u0075b":"admin"'), 'malformed'],
  ['JSN-3 a name of escapes alone, twice', plus('"\\u0078":1,"\\u0078":2'), 'malformed'],
  ['JSN-3 a name in escapes of two kinds', plus('"\\/":1,"/":2'), 'malformed'],
  [
    'JSN-3 alg and alg with an escape',
    header((text) => `${text.slice(0, -1)},"\\u0061lg":"none"}`),
    'malformed',
  ],
  ['JSN-3 a surrogate pair as it is and in escapes', plus('"😀":1,"\\ud83d\\ude00":2'), 'malformed'],
  [
    'JSN-3 a name that is written with an escape once is accepted',
    instead('sub', '"s\\u0075b":"user-1"'),
    'accepted',
  ],
  ...['[]', '[{}]', '"text"', '1', 'true', 'false', 'null', '""', '0'].flatMap((text): TokenCase[] => [
    [`JSN-4 ${text} as header`, header(() => text), 'malformed'],
    [`JSN-4 ${text} as payload`, payload(() => text), 'malformed'],
  ]),
  ['JSN-4 a list that contains the claims', payload((text) => `[${text}]`), 'malformed'],
  ['JSN-4 a list that contains the header', header((text) => `[${text}]`), 'malformed'],
  ['JSN-4 the claims as a JSON string', payload((text) => JSON.stringify(text)), 'malformed'],
  ...['x', '{}', ',', '\0', ']', '}', '//', '\u00a0'].flatMap((junk): TokenCase[] => [
    [`JSN-5 ${JSON.stringify(junk)} behind the payload`, payload((text) => text + junk), 'malformed'],
    [`JSN-5 ${JSON.stringify(junk)} before the payload`, payload((text) => junk + text), 'malformed'],
    [`JSN-5 ${JSON.stringify(junk)} behind the header`, header((text) => text + junk), 'malformed'],
  ]),
  ['JSN-5 space around the payload is JSON and accepted', payload((text) => ` \t\r\n${text}\n`), 'accepted'],
  ['JSN-5 a second object behind the payload', payload((text) => text + text), 'malformed'],
  ['JSN-6 a byte order mark before the header', header((text) => `\ufeff${text}`), 'malformed'],
  ['JSN-6 a byte order mark before the payload', payload((text) => `\ufeff${text}`), 'malformed'],
  ['JSN-6 a byte order mark behind the payload', payload((text) => `${text}\ufeff`), 'malformed'],
  [
    'JSN-6 a payload in UTF-16 with its mark',
    payload((text) => Buffer.from(`\ufeff${text}`, 'utf16le')),
    'malformed',
  ],
  ['JSN-6 a payload in UTF-16', payload((text) => Buffer.from(text, 'utf16le')), 'malformed'],
  [
    'JSN-6 a payload in UTF-32',
    payload((text) => Buffer.from(Array.from(text).flatMap((c) => [c.charCodeAt(0), 0, 0, 0]))),
    'malformed',
  ],
  ...Object.entries(brokenUtf8).flatMap(([name, bytes]): TokenCase[] => [
    [`JSN-7 ${name} in the header`, header((text) => withBytes(text, bytes)), 'malformed'],
    [`JSN-8 ${name} in the payload`, payload((text) => withBytes(text, bytes)), 'malformed'],
  ]),
  ['JSN-8 every plane of Unicode, well encoded, is accepted', plus('"x":"aé€😀\u{10ffff}"'), 'accepted'],
  ...['\\ud800', '\\udc00', '\\udc00\\ud800', 'a\\uD83Db', '\\ud83d\\ud83d\\ude00'].flatMap(
    (half): TokenCase[] => [
      [`JSN-10 ${half} in sub`, instead('sub', `"sub":"${half}"`), 'malformed'],
      [`JSN-10 ${half} in scope`, plus(`"scope":"${half}"`), 'malformed'],
      [`JSN-10 ${half} as a name`, plus(`"${half}":1`), 'malformed'],
      [`JSN-10 ${half} deep inside`, plus(`"x":[{"y":["${half}"]}]`), 'malformed'],
    ],
  ),
  ['JSN-10 a whole pair in escapes is accepted', plus('"x":"\\ud83d\\ude00"'), 'accepted'],
  ['JSN-10 a backslash before u is no escape and accepted', plus('"x":"\\\\ud800"'), 'accepted'],
  ['JSN-11 a Cyrillic letter in iss', instead('iss', '"іss":"https://issuer.test/"'), 'issuer'],
  ['JSN-11 a zero-width space in aud', instead('aud', '"aud\u200b":"https://api.test"'), 'audience'],
  ['JSN-11 a Cyrillic letter in exp', instead('exp', '"ехр":1800000300'), 'claim'],
  ['JSN-11 other letters in exp', instead('exp', '"EXP":1800000300'), 'claim'],
  ['JSN-11 a space in exp', instead('exp', '"exp ":1800000300'), 'claim'],
  ['JSN-12 NUL behind aud', instead('aud', '"aud":"https://api.test\\u0000"'), 'audience'],
  ['JSN-12 NUL behind aud, in a list', instead('aud', '"aud":["https://api.test\\u0000.evil"]'), 'audience'],
  ['JSN-12 NUL behind iss', instead('iss', '"iss":"https://issuer.test/\\u0000"'), 'issuer'],
  ...['1e400', '-1e400', '1e309', '9'.repeat(400)].flatMap((number): TokenCase[] =>
    ['exp', 'nbf', 'iat'].map((name) => [
      `JSN-13 ${number.slice(0, 8)}, which is no finite number, as ${name}`,
      instead(name, `"${name}":${number}`),
      'claim',
    ]),
  ),
  [
    'JSN-13 1e400 as auth_time is accepted: no decision depends on it until a guard asks',
    plus('"auth_time":1e400'),
    'accepted',
  ],
  ['JSN-14 exp of 5,000 digits', instead('exp', `"exp":1${'0'.repeat(5000)}`), 'claim'],
  [
    'JSN-14 exp of 5,000 digits behind the point is a number like others',
    instead('exp', `"exp":1800000300.${'3'.repeat(5000)}`),
    'accepted',
  ],
  ['JSN-14 exp of 13,000 digits', instead('exp', `"exp":1${'0'.repeat(13_000)}`), 'too_large'],
  ['JSN-14 exp so small that it is zero', instead('exp', '"exp":1e-99999'), 'expired'],
  ['JSN-14 a claim nobody reads of 5,000 digits is accepted', plus(`"x":${'7'.repeat(5000)}`), 'accepted'],
  ...['9007199254740992', '9007199254740993', '1e300', '1.8e308'].map((number): TokenCase => [
    `JSN-15 ${number} as exp`,
    instead('exp', `"exp":${number}`),
    'claim',
  ]),
  ['JSN-16 lists within lists, a thousand deep', plus(`"x":${nested(1000, '[', '', ']')}`), 'malformed'],
  [
    'JSN-16 objects within objects, a thousand deep',
    plus(`"x":${nested(600, '{"a":', '1', '}')}`),
    'malformed',
  ],
  ['JSN-16 lists without an end', plus(`"x":${'['.repeat(5000)}`), 'malformed'],
  [
    'JSN-16 lists without an end, up to the longest token that can be configured',
    plus(`"x":${'['.repeat(48_000)}`),
    'malformed',
    large,
  ],
  ['JSN-16 objects without an end, likewise', plus(`"x":${'{"a":'.repeat(9000)}`), 'malformed', large],
  ['JSN-16 a hundred thousand lists', plus(`"x":${nested(100_000, '[', '', ']')}`), 'too_large'],
  [
    'JSN-16 32 levels, the object of the claims counted, are accepted',
    plus(`"x":${nested(31, '[', '1', ']')}`),
    'accepted',
  ],
  ['JSN-16 33 levels', plus(`"x":${nested(32, '[', '1', ']')}`), 'malformed'],
  ['JSN-16 33 levels, of both kinds', plus(`"x":${nested(16, '[{"a":', '1', '}]')}`), 'malformed'],
  [
    'JSN-16 33 levels in the header',
    header((text) => `${text.slice(0, -1)},"x":${nested(32, '[', '1', ']')}}`),
    'malformed',
  ],
  [
    'JSN-16 brackets in a string are no levels',
    plus(`"x":"${'['.repeat(100)}\\"${'{'.repeat(100)}"`),
    'accepted',
  ],
  ['JSN-16 many short lists side by side are no levels', plus(`"x":[${'[],'.repeat(500)}[]]`), 'accepted'],
  [
    'JSN-17 a million members',
    payload(() => `{${Array.from({ length: 1_000_000 }, (_, n) => `"${n}":0`).join(',')}}`),
    'too_large',
  ],
  [
    'JSN-17 thousands of members that all have one name',
    plus(Array.from({ length: 900 }, () => '"x":0').join(',')),
    'malformed',
  ],
  [
    'JSN-17 hundreds of members with names of their own are accepted',
    plus(Array.from({ length: 500 }, (_, n) => `"x${n}":0`).join(',')),
    'accepted',
  ],
  // Names that fall together in a careless hash table.
  [
    'JSN-17 hundreds of members named by numbers are accepted',
    plus(Array.from({ length: 300 }, (_, n) => `"${n * 65_536}":0`).join(',')),
    'accepted',
  ],
  ...['then', 'toJSON', 'valueOf', 'toString', 'constructor', 'prototype', 'hasOwnProperty', 'length'].map(
    (name): TokenCase => [`JSN-19 ${name} as a claim is plain data`, plus(`"${name}":{"x":1}`), 'accepted'],
  ),
  ['JSN-19 __proto__ that brings the claims', payload((text) => `{"__proto__":${text}}`), 'malformed'],
  ['JSN-19 __proto__ that brings exp', instead('exp', '"__proto__":{"exp":1800000300}'), 'malformed'],
  ...protoMembers.flatMap(([what, member]): TokenCase[] => [
    [`G4 ${what}, in the claims`, plus(member), 'malformed'],
    [`G4 ${what}, in the header`, header((text) => `${text.slice(0, -1)},${member}}`), 'malformed'],
  ]),
  ['G4 the text __proto__ as a value is accepted', plus('"x":["__proto__",{"y":"__proto__"}]'), 'accepted'],
  ['G4 a name that only begins with __proto__ is accepted', plus('"__proto__2":1'), 'accepted'],
  // An assignment makes them own members of the copy; no object gets another prototype or class.
  [
    'G4 constructor and prototype as members are accepted',
    plus('"constructor":{"prototype":{"admin":true}},"prototype":{"admin":true}'),
    'accepted',
  ],
  [
    'JSN-19 __proto__ that brings alg',
    header((text, range) => `{"__proto__":${text},"kid":"${kidOf(range.issuer)}"}`),
    'malformed',
  ],
  ...Object.entries(invalidTexts).flatMap(([name, texts]) =>
    texts.flatMap((text): TokenCase[] => [
      [`JSN-20 ${name}, as payload: ${JSON.stringify(text)}`, payload(() => text), 'malformed'],
      [`JSN-20 ${name}, in a claim: ${JSON.stringify(text)}`, plus(`"x":${text}`), 'malformed'],
      [`JSN-20 ${name}, as header: ${JSON.stringify(text)}`, header(() => text), 'malformed'],
      [
        `JSN-20 ${name}, in the header: ${JSON.stringify(text)}`,
        header((good) => `${good.slice(0, -1)},"x":${text}}`),
        'malformed',
      ],
    ]),
  ),
  ...Object.entries(validTexts).flatMap(([name, texts]) =>
    texts.map((text): TokenCase => [
      `JSN-21 ${name}, in a claim, accepted: ${JSON.stringify(text)}`,
      plus(`"x":${text}`),
      'accepted',
    ]),
  ),
]

function valueOf(range: Range, name: string): string {
  return JSON.stringify(range.header()[name])
}

tryTokens('the JSON of header and claims', cases)

describe('the JSON of header and claims, as the caller sees it', () => {
  it.each(Object.values(invalidTexts).flat())(
    'JSN-20 is held to a list that JSON.parse agrees about: %j',
    (text) => {
      expect(() => JSON.parse(text) as unknown).toThrow(SyntaxError)
      expect(() => JSON.parse(`{"a":1,"x":${text}}`) as unknown).toThrow(SyntaxError)
    },
  )

  it.each(Object.values(validTexts).flat())('JSN-21 reads %j as JSON.parse does', async (text) => {
    const range = await createRange()
    const api = createResourceServer(range.issuer.options)
    const { claims } = await api.verify(await plus(`"x":${text}`)(range))
    expect(JSON.stringify(claims['x'])).toBe(JSON.stringify(JSON.parse(text)))
    expect(Object.hasOwn(claims, 'x')).toBe(true)
  })

  it.each(['user\\u0000admin', '\\u0000', 'user\\n', 'us\\u200ber', 'cle\\u0301'])(
    'JSN-12 hands on the subject %s as it is',
    async (text) => {
      const range = await createRange()
      const api = createResourceServer(range.issuer.options)
      const { subject } = await api.verify(await instead('sub', `"sub":"${text}"`)(range))
      expect(subject).toBe(JSON.parse(`"${text}"`))
    },
  )

  it('JSN-10 keeps subjects apart that differ in their normal form alone', async () => {
    const issuer = await createTestIssuer()
    const api = createResourceServer(issuer.options)
    const [composed, decomposed] = await Promise.all(
      ['cl\u00e9', 'cle\u0301'].map(async (sub) => (await api.verify(await issuer.sign({ sub }))).subject),
    )
    expect(composed).not.toBe(decomposed)
  })

  it('JSN-19 never calls what claims are named like', async () => {
    const range = await createRange()
    const api = createResourceServer(range.issuer.options)
    const auth = await api.verify(
      await plus('"then":"x","toJSON":"y","valueOf":"z","constructor":{"prototype":{"admin":true}}')(range),
    )
    expect(auth.claims['then']).toBe('x')
    expect(Object.getPrototypeOf(auth.claims)).toBe(Object.prototype)
    expect(({} as { admin?: unknown }).admin).toBeUndefined()
  })

  it('JSN-17 checks members without end in about the time of their length', async () => {
    const range = await createRange()
    const time = async (count: number): Promise<number> => {
      const token = await plus(Array.from({ length: count }, (_, n) => `"x${n}":0`).join(','))(range)
      const start = performance.now()
      expect(await range.judge(token, large.options)).toEqual(expected('accepted'))
      return performance.now() - start
    }
    await time(100)
    // Quadratic work would take seconds; the bound is generous because machines are busy.
    expect(await time(4000)).toBeLessThan(1000)
  })
})
