import { describe, expect, it } from 'vitest'
import { mediaType, parseToken } from '../../src/jose/jws.ts'
import { refusalOf } from '../support/refusals.ts'
import { b64 } from '../support/tokens.ts'

const token = (header: object | string, payload = '{"a":1}', signature = 'AAAA'): string =>
  `${b64(typeof header === 'string' ? header : JSON.stringify(header))}.${b64(payload)}.${signature}`
const reasonOf = (text: string): unknown => {
  try {
    parseToken(text)
    return 'parsed'
  } catch (error) {
    return (error as { reason: unknown }).reason
  }
}

const headerOf = (text: string): object => parseToken(`${b64(text)}.e30.AA`).header

/** A header that takes so many characters as a part of a token. */
function headerOfLength(characters: number): string {
  const bytes = (characters * 3) / 4
  const empty = '{"alg":"ES256","kid":"1","x":""}'
  return empty.replace('""}', `"${'y'.repeat(bytes - empty.length)}"}`)
}

describe('parseToken', () => {
  it('takes a token apart', () => {
    const text = token({ alg: 'ES256', kid: 'k', typ: 'JWT' })
    expect(parseToken(text)).toEqual({
      header: { alg: 'ES256', kid: 'k', typ: 'JWT' },
      payload: { a: 1 },
      signingInput: text.slice(0, text.lastIndexOf('.')),
      signature: expect.any(Uint8Array) as Uint8Array,
    })
    expect([...parseToken(text).signature]).toEqual([0, 0, 0])
  })

  it.each([
    '.',
    '..',
    '...',
    'a',
    'a.b',
    '.e30.AAAA',
    'e30..AAAA',
    'eyJhbGciOiJFUzI1NiJ9.e30.',
    'eyJhbGciOiJFUzI1NiJ9.e30.AAAA.',
    'eyJhbGciOiJFUzI1NiJ9.e30.AAAA.AA',
    '.e30.e30.AAAA',
    '',
  ])('refuses the parts of %j as malformed', (text) => {
    expect(reasonOf(text)).toBe('malformed')
  })

  it.each(['NONE', 'DEF', '', null, 7, []])('E2 ignores %j as zip', (zip) => {
    expect(reasonOf(token({ alg: 'ES256', zip }))).toBe('parsed')
  })

  it.each(['crit', 'b64', 'enc'])('refuses %s in the header, whatever its value', (name) => {
    for (const value of [true, false, null, 0, '', [], {}])
      expect(reasonOf(token({ alg: 'ES256', [name]: value }))).toBe('malformed')
  })

  it('G4 refuses a member that could become a prototype', () => {
    expect(reasonOf(token('{"alg":"ES256","__proto__":{"crit":["x"]}}'))).toBe('malformed')
    expect(reasonOf(token('{"alg":"ES256","x":{"__proto__":null}}'))).toBe('malformed')
    expect(reasonOf(token({ alg: 'ES256' }, '{"__proto__":{"admin":true}}'))).toBe('malformed')
  })

  it.each([
    ['opaque', 'SlAV32hkKG', 'the token is opaque'],
    [
      'encrypted',
      'eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.AAAA.AAAA.AAAA.AAAA',
      'the token is encrypted',
    ],
    [
      'encrypted to a key agreed on',
      'eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..AAAA.AAAA.AAAA',
      'the token is encrypted',
    ],
    ['of two parts', 'e30.e30', 'a signed token has three parts'],
    ['not base64url', 'eyJhbGciOiJFUzI1NiJ9.e!0.AAAA', 'is not base64url'],
    ['unsigned', 'eyJhbGciOiJub25lIn0.e30.', 'the signature is missing'],
    ['not JSON', 'eyJhbGciOiJFUzI1NiJ9.AAAA.AAAA', 'a part of the token is not a JSON object'],
  ])('tells of a token that is %s', (_what, text, hint) => {
    expect(() => parseToken(text)).toThrow(
      expect.objectContaining({
        detail: expect.objectContaining({ hint: expect.stringContaining(hint) as string }) as object,
      }) as Error,
    )
  })

  it.each([
    [{ kid: 7 }, 'malformed'],
    [{ kid: null }, 'malformed'],
    [{ kid: 'k'.repeat(257) }, 'malformed'],
    [{ kid: 'k'.repeat(256) }, 'parsed'],
    [{ kid: '' }, 'parsed'],
    [{ cty: 'JWT' }, 'malformed'],
    [{ cty: 'application/jwt' }, 'malformed'],
    [{ cty: 7 }, 'malformed'],
    [{ cty: 'json' }, 'parsed'],
    [{ alg: undefined }, 'algorithm'],
    [{ alg: 7 }, 'algorithm'],
    [{ alg: null }, 'algorithm'],
    [{ typ: 7 }, 'type'],
    [{ typ: null }, 'type'],
    [{ typ: '' }, 'parsed'],
    [{ jwk: {}, jku: 7, x5c: 'x' }, 'parsed'],
  ])('finds a header with %j %s', (change, outcome) => {
    expect(reasonOf(token({ alg: 'ES256', ...change }))).toBe(outcome)
  })

  it.each<[object, object]>([
    [
      { crit: 7 },
      {
        claim: 'crit',
        expected: 'absent',
        actual: 'number',
        hint: 'the header asks for a form of JWS that is not supported',
      },
    ],
    [
      { enc: 'A256GCM' },
      {
        claim: 'enc',
        expected: 'absent',
        actual: 'string',
        hint: 'the token is encrypted (JWE): set the option decryption, or ask the issuer for tokens that are only signed',
      },
    ],
    [{ kid: 7 }, { claim: 'kid', expected: 'a string of at most 256 characters', actual: 7 }],
    [
      { cty: 'JWT' },
      {
        claim: 'cty',
        expected: 'no token',
        actual: 'string',
        hint: 'the token has another token in it, as encrypted ones do',
      },
    ],
    [
      { alg: 7 },
      { claim: 'alg', expected: 'a string', actual: 7, hint: 'the header of the token has no alg' },
    ],
    [{ typ: 7 }, { claim: 'typ', expected: 'a string', actual: 7 }],
  ])('says of a header with %j what is wrong', async (change, detail) => {
    expect((await refusalOf(() => parseToken(token({ alg: 'ES256', ...change }))))?.detail).toEqual(detail)
  })

  it('says of a payload that is not a JSON object what is wrong', async () => {
    expect((await refusalOf(() => parseToken(token({ alg: 'ES256' }, '[]'))))?.detail).toEqual({
      hint: 'a part of the token is not a JSON object, or one that can be read in two ways',
    })
  })

  it('does not look at inherited members', () => {
    expect(reasonOf(token('{"constructor":{"alg":"ES256"}}'))).toBe('algorithm')
  })

  it('tells nothing of the token in its error', () => {
    try {
      parseToken(token('{"alg":"ES256","secret":"hunter2"', '{}'))
      expect.unreachable()
    } catch (error) {
      expect(
        `${String(error)} ${String((error as Error).cause)} ${(error as Error).stack ?? ''}`,
      ).not.toContain('hunter2')
    }
  })

  it('judges a header it has seen before like the first time', () => {
    for (const header of [{ alg: 'ES256', kid: 'again' }, { alg: 'ES256', crit: ['x'] }, { alg: 7 }]) {
      const first = reasonOf(token(header))
      for (let n = 0; n < 3; n++) expect(reasonOf(token(header, `{"n":${n}}`))).toBe(first)
    }
    const { header } = parseToken(token({ alg: 'ES256', kid: 'again' }))
    expect(Object.isFrozen(header)).toBe(true)
  })
})

describe('mediaType', () => {
  it.each([
    ['at+jwt', 'at+jwt'],
    ['AT+JWT', 'at+jwt'],
    ['application/at+jwt', 'at+jwt'],
    ['Application/AT+jwt', 'at+jwt'],
    ['application/application/jwt', 'application/jwt'],
    ['text/jwt', 'text/jwt'],
    ['', ''],
  ])('compares %s as %s', (value, expected) => {
    expect(mediaType(value)).toBe(expected)
  })
})

describe('the header of a token', () => {
  it('is parsed once, however many tokens have it', () => {
    const header = headerOf('{"alg":"ES256","kid":"once"}')
    expect(headerOf('{"alg":"ES256","kid":"once"}')).toBe(header)
    expect(headerOf('{"alg":"ES256","kid":"Once"}')).toEqual({ alg: 'ES256', kid: 'Once' })
  })

  it('is remembered up to 512 characters, and parsed each time beyond', () => {
    expect(b64(headerOfLength(512))).toHaveLength(512)
    expect(headerOf(headerOfLength(512))).toBe(headerOf(headerOfLength(512)))
    const long = headerOf(headerOfLength(516))
    expect(headerOf(headerOfLength(516))).not.toBe(long)
    expect(headerOf(headerOfLength(516))).toEqual(long)
  })

  it('is forgotten after a hundred others', () => {
    const text = '{"alg":"ES256","kid":"first"}'
    const header = headerOf(text)
    for (let other = 0; other < 99; other++) headerOf(`{"alg":"ES256","kid":"${other}"}`)
    expect(headerOf(text)).toBe(header)
    for (let other = 0; other < 100; other++) headerOf(`{"alg":"ES256","kid":"a${other}"}`)
    expect(headerOf(text)).not.toBe(header)
  })

  it('is refused again where it was refused before', () => {
    for (let time = 0; time < 2; time++) {
      expect(() => headerOf('{"alg":"ES256","crit":[]}')).toThrow(
        'The access token cannot be read as a signed JWT',
      )
    }
  })
})
