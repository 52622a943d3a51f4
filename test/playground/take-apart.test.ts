import fc from 'fast-check'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'
import type { TokenParts } from '../../examples/playground/protocol.ts'
import { takeApart } from '../../examples/playground/take-apart.ts'
import { hasToken, shortenTokens } from '../../examples/playground/whole-tokens.ts'
import { tries } from '../support/tries.ts'

const issuer = await createTestIssuer({ algorithms: ['RS256', 'ES256'] })
const claims = {
  sub: 'zoë',
  scope: 'reports:read reports:write',
  roles: ['admin'],
  deep: { a: [1, { b: 'c' }] },
}
const token = await issuer.sign(claims)
const [header = '', payload = '', signature = ''] = token.split('.')
const whole = takeApart(token)
const namesIn = (part: TokenParts['header']): string[] => (part.members ?? []).map(({ name }) => name)
const json = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

describe('takeApart', () => {
  it('shows the members of header and payload, and the moments', () => {
    expect(namesIn(whole.header)).toEqual(['alg', 'kid', 'typ'])
    expect(JSON.parse(whole.payload.text)).toMatchObject(claims)
    expect(whole.payload.members).toContainEqual(
      expect.objectContaining({ name: 'deep', value: '{"a":[1,{"b":"c"}]}', readBy: [] }),
    )
    expect(whole.expiresAt).toBe(Number(whole.issuedAt) + 300)
    expect(whole.problem ?? whole.header.problem ?? whole.payload.problem).toBeUndefined()
  })

  it('shortens the signature', () => {
    expect(whole.signature).toBe(`${signature.slice(0, 8)}…`)
    expect(takeApart(`${header}.${payload}.abcdef`).signature).toBe('a…')
    expect(takeApart(`${header}.${payload}.a`).signature).toBe('…')
  })

  it.each([
    ['behind Bearer', `Bearer ${token}`, 'what stood before'],
    ['as a header', `Authorization: Bearer ${token}`, 'what stood before'],
    ['in a line of curl', `curl -H "Authorization: Bearer ${token}"`, 'quotes'],
    ['in quotes', `"${token}",`, 'quotes'],
    ['in an answer of a token endpoint', `{\n "access_token": "${token}", "expires_in": 9 }`, 'around'],
    ['in lines', `${token.replaceAll(/.{64}/g, '$&\r\n')}\n`, 'line breaks'],
    ['with a zero-width space', `${token.slice(0, 9)}\u{200B}${token.slice(9)}`, 'white space'],
  ])('finds a token %s, and says what it left out', (_where, text, problem) => {
    const parts = takeApart(text)
    expect({ ...parts, problem: undefined }).toEqual({ ...whole, problem: undefined })
    expect(parts.problem).toContain(problem)
  })

  it.each([
    ['nothing', '', 'there is no token'],
    ['white space', ' \n ', 'there is no token'],
    ['an opaque token', 'gho_16C7e42F292c6912E7710c838347Ae178B4a', 'opaque'],
    ['a header alone', header, 'one part instead of three'],
    ['no signature', `${header}.${payload}`, 'two parts instead of three'],
    ['an empty signature', `${header}.${payload}.`, 'the signature is missing'],
    ['a part too many', `${token}.abc`, '4 parts instead of three'],
    ['no dot behind the header', `${header}${payload}.${signature}`, 'two parts'],
    ['another last character of the signature', `${token.slice(0, -1)}_`, 'bits that belong to no byte'],
    ['a sign in the signature', token.replace(/.{9}$/, '!$&'), 'a character that base64url does not have'],
    ['a very long text', 'a'.repeat(40_000), 'longer than'],
  ])('says what is wrong with %s', (_what, text, problem) => {
    expect(takeApart(text).problem).toContain(problem)
  })

  it('shows nothing of a text that is no token', () => {
    const secret = 'gho_16C7e42F292c6912E7710c838347Ae178B4a'
    expect(JSON.stringify(takeApart(secret))).not.toContain(secret.slice(4, 12))
  })

  it('shows the header of an encrypted token, and nothing else', () => {
    const jwe = `${json({ alg: 'RSA-OAEP', enc: 'A256GCM' })}.a2V5.aXY.Y2lwaGVydGV4dA.dGFn`
    const parts = takeApart(jwe)
    expect(namesIn(parts.header)).toEqual(['alg', 'enc'])
    expect(parts.payload.problem).toContain('encrypted')
    expect(JSON.stringify(parts)).not.toMatch(/Y2lw|cipher|dGFn/)
  })

  it.each([
    ['a name that is there twice', '{"sub":"a","sub":"b"}', ['sub', 'sub'], '"sub" is there twice'],
    ['an object that ends early', '{"sub":"a","aud":"b', ['sub'], 'broken JSON'],
    ['text behind the object', '{"sub":"a"} b', ['sub'], 'follows the closing brace'],
    ['a list', '["a"]', [], 'not a JSON object'],
    ['plain text', 'hello, hello', [], 'not a JSON object'],
    ['a name of JavaScript', '{"__proto__":{"a":1}}', ['__proto__'], undefined],
  ])('goes as far as it can with %s', (_what, text, names, problem) => {
    const part = takeApart(`${header}.${Buffer.from(text).toString('base64url')}.${signature}`).payload
    expect(namesIn(part)).toEqual(names)
    if (problem === undefined) expect(part.problem).toBeUndefined()
    else expect(part.problem).toContain(problem)
  })

  it('shortens a token within a claim, however it is written', () => {
    const escaped = token.replace('e', String.raw`\u0065`)
    const text = `{"act_token":"${token}","other":["x${token}"],"escaped":"${escaped}"}`
    const parts = takeApart(`${header}.${Buffer.from(text).toString('base64url')}.${signature}`)
    expect(parts.payload.members?.map(({ value }) => value)).toEqual(['"eyJ…"', '["eyJ…"]', '"eyJ…"'])
    expect(hasToken(parts.payload.text)).toBe(false)
  })
})

describe('shortenTokens', () => {
  it.each([`a ${token} b`, `x${token}`, JSON.stringify({ token })])('finds the token in %#', (text) => {
    expect(hasToken(text)).toBe(true)
    expect(shortenTokens(text)).not.toContain(signature.slice(0, 40))
  })

  it.each([
    'https://accounts.example-company.com/a.b.c',
    'reports.example.organization',
    `${header}.${payload}`,
  ])('leaves %s alone', (text) => expect(shortenTokens(text)).toBe(text))
})

/** A token with one fault, and how many characters before it are sound. */
const broken = fc
  .record({
    at: fc.nat({ max: token.length - 1 }),
    kind: fc.constantFrom('cut', 'changed', 'left out', 'added', 'cut in front'),
    character: fc.oneof(
      fc.constantFrom('.', '!', ' ', '%', 'A', '=', '+', '\0', '"', '{', '\u{1F600}'),
      fc.string({ minLength: 1, maxLength: 3, unit: 'binary' }),
    ),
  })
  .map(({ at, kind, character }) => {
    if (kind === 'cut') return { at, text: token.slice(0, at) }
    if (kind === 'cut in front') return { at: 0, text: token.slice(at) }
    return {
      at,
      text:
        token.slice(0, at) +
        (kind === 'left out' ? '' : character) +
        token.slice(kind === 'added' ? at : at + 1),
    }
  })

describe('a token that is broken, cut or changed at any byte', () => {
  it('is taken apart as far as it goes', () => {
    fc.assert(
      fc.property(broken, ({ at, text }) => {
        const parts = takeApart(text)
        // What stands before the fault is shown to the last whole byte.
        const soundHeader = Buffer.from(header.slice(0, at), 'base64url').toString()
        expect(parts.header.text.startsWith(soundHeader.slice(0, -1))).toBe(true)
        if (at <= header.length) return
        expect(parts.header).toEqual(whole.header)
        const sound = Buffer.from(payload.slice(0, at - header.length - 1), 'base64url').toString()
        // A character of several bytes may be cut.
        expect(parts.payload.text.startsWith(sound.replace(/.?\u{FFFD}*$/u, ''))).toBe(true)
        if (at > header.length + payload.length + 1)
          expect(parts.payload.members).toEqual(whole.payload.members)
      }),
      { numRuns: tries(5000, 500) },
    )
  })

  it('is read on behind the fault', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: payload.length - 80 }),
        fc.constantFrom('', '!', 'AA'),
        (at, by) => {
          const text = `${header}.${payload.slice(0, at)}${by}${payload.slice(at + 1)}.${signature}`
          expect(takeApart(text).payload.text).toContain('"deep"')
        },
      ),
      { numRuns: tries(2000, 200) },
    )
  })

  it('never comes back whole', () => {
    fc.assert(
      fc.property(broken, ({ text }) => {
        const shown = JSON.stringify(takeApart(text))
        expect(hasToken(shown)).toBe(false)
        // Nor is more of the signature in it than its beginning, as text or as decoded bytes.
        for (let at = 0; at + 9 <= signature.length; at += 1)
          expect(shown).not.toContain(signature.slice(at, at + 9))
      }),
      { numRuns: tries(1000, 100) },
    )
  })

  it('is no reason to throw, whatever was pasted', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        expect(takeApart(text)).toHaveProperty('header')
        expect(takeApart(`${header}.${text}.${text}`).header).toEqual(whole.header)
      }),
      { numRuns: tries(5000, 500) },
    )
  })

  it.each(['eyJ', '"', '[', '{', '{"a":', '\\', 'Bearer ', 'eyJ.', '!', '\u{FFFD}'])(
    'takes no long time for many of %s',
    (piece) => {
      const start = performance.now()
      takeApart(piece.repeat(40_000))
      takeApart(`${header}.${Buffer.from(piece.repeat(8000)).toString('base64url')}.`)
      expect(performance.now() - start).toBeLessThan(2000)
    },
  )
})
