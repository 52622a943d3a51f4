import { createResourceServer } from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'
import {
  b64,
  createRange,
  parts,
  type Range,
  signature,
  type TokenCase,
  tryTokens,
} from '../support/range.ts'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const names = ['header', 'payload', 'signature'] as const

/** A good token with one of its parts changed. */
const inPart = (which: number, change: (text: string) => string) => async (range: Range) => {
  // Of RS256, so that the signature has bits to spare in its last character (256 bytes).
  const all = parts(await range.issuer.sign({}, { alg: 'RS256' }))
  all[which] = change(all[which] as string)
  return all.join('.')
}
const inEach = (title: string, change: (text: string) => string): TokenCase[] =>
  names.map((name, which) => [`${title}, in the ${name}`, inPart(which, change), 'malformed'])

const insideOf = (character: string) => (text: string) =>
  text.slice(0, text.length / 2) + character + text.slice(text.length / 2)
const inPlaceOf = (character: string) => (text: string) => character + text.slice(1)

const foreign = [...Array.from('?!*#$%&\'()"\\<>@[]^`{|}:;,~='), '\0', '\x7f', '\x80', '\xff', 'Ā', 'é', '😀']

/** Bits that no byte uses, by the length of the text modulo 4; a text of another length has none. */
function stray(text: string): readonly string[] {
  const unused = [1, 1, 16, 4][text.length % 4] as number
  const last = alphabet.indexOf(text.at(-1) as string)
  return Array.from(
    { length: unused - 1 },
    (_, bits) => text.slice(0, -1) + (alphabet[last + bits + 1] as string),
  )
}

const cases: readonly TokenCase[] = [
  ['B64 class: the token the others differ from is accepted', inPart(0, (text) => text), 'accepted'],
  ...inEach('B64-1 one padding character', (text) => `${text}=`),
  ...inEach('B64-1 two padding characters', (text) => `${text}==`),
  ...inEach('B64-1 the padding that base64 would have', (text) =>
    text.padEnd(Math.ceil(text.length / 4) * 4 + 4, '='),
  ),
  ...inEach('B64-1 padding in front', (text) => `=${text}`),
  ...[' ', '\t', '\r', '\n', '\r\n', '\v', '\f', '\u00a0', '\u2003', '\ufeff'].flatMap((space) => [
    ...inEach(`B64-2 ${JSON.stringify(space)} inside`, insideOf(space)),
    ...inEach(`B64-2 ${JSON.stringify(space)} behind`, (text) => text + space),
  ]),
  ...inEach(
    'B64-2 a line break after every 76 characters',
    (text) => text.replaceAll(/.{40}/g, '$&\n') + '\n',
  ),
  ...inEach('B64-3 a plus', inPlaceOf('+')),
  ...inEach('B64-3 a slash', inPlaceOf('/')),
  [
    'B64-3 the signature in the other alphabet',
    inPart(2, (text) =>
      Buffer.from(text, 'base64url')
        .toString('base64')
        .replace(/=*$/, '')
        .padEnd(text.length, '+')
        .replace(/[-_]/, '+')
        .replace(/^./, '+'),
    ),
    'malformed',
  ],
  ...foreign.flatMap((character) => [
    ...inEach(`B64-4 ${JSON.stringify(character)} in place of a character`, inPlaceOf(character)),
    ...inEach(`B64-4 ${JSON.stringify(character)} added`, insideOf(character)),
  ]),
  ...inEach(
    'B64-5 a length of one more than a multiple of four',
    (text) => text.slice(0, text.length - (text.length % 4)) + 'A',
  ),
  ['B64-5 a signature of one character', inPart(2, () => 'A'), 'malformed'],
  ['B64-5 a signature of five characters', inPart(2, () => 'AAAAA'), 'malformed'],
  ...inEach('B64-8 padded blocks side by side', () => 'QQ==QQ=='),
  ...inEach('B64-8 padding inside', (text) => `${text.slice(0, 2)}==${text.slice(2)}`),
  ['B64-9 the header encoded twice', inPart(0, b64), 'malformed'],
  ['B64-9 the payload encoded twice', inPart(1, b64), 'malformed'],
  ['B64-9 the signature encoded twice', inPart(2, b64), 'signature'],
  ['B64-9 the whole token encoded', async (range) => b64(await range.issuer.sign()), 'malformed'],
  [
    'B64 class: hex in place of base64url',
    inPart(2, (text) => Buffer.from(text, 'base64url').toString('hex')),
    'signature',
  ],
  ['B64 class: base32 in place of base64url', inPart(2, () => 'MFRGGZDF'.repeat(8)), 'signature'],
]

tryTokens('the encoding of the parts', cases, ['ES256', 'RS256'])

describe('spellings of one token', () => {
  it.each(['RS256', 'ES256', 'ES384', 'EdDSA', 'ES512'] as const)(
    'B64-7 refuses the %s signature with stray bits behind its last byte',
    async (alg) => {
      const issuer = await createTestIssuer({ algorithms: [alg] })
      const api = createResourceServer(issuer.options)
      const token = await issuer.sign()
      await api.verify(token)
      const [header, payload, mac] = parts(token)
      const spellings = stray(mac)
      expect(spellings).toHaveLength({ 0: 0, 2: 15, 3: 3 }[(mac.length % 4) as 0 | 2 | 3])
      for (const spelling of spellings) {
        // The same bytes to a lenient reader, and so another name of the same token.
        expect(Buffer.from(spelling, 'base64url')).toEqual(Buffer.from(mac, 'base64url'))
        await expect(api.verify(`${header}.${payload}.${spelling}`)).rejects.toMatchObject({
          reason: 'malformed',
        })
      }
    },
  )

  it.each(['{"alg":"ES256"}', '{"alg":"ES256"} '])(
    'B64-7 refuses stray bits in the header %s and in a payload, also where the signature covers them',
    async (text) => {
      const range = await createRange()
      const api = createResourceServer(range.issuer.options)
      const signedAnew = (input: string): string =>
        `${input}.${b64(signature('ES256', range.issuer.privateKey(), input))}`
      const payload = b64(JSON.stringify(range.claims({ pad: text })))
      const longer =
        payload.length % 4 === 0 ? b64(JSON.stringify(range.claims({ pad: `${text}.` }))) : payload
      await expect(api.verify(signedAnew(`${b64(text)}.${longer}`))).resolves.toMatchObject({
        subject: 'user-1',
      })
      const spellings = [
        ...stray(b64(text)).map((spelling) => `${spelling}.${longer}`),
        ...stray(longer).map((spelling) => `${b64(text)}.${spelling}`),
      ]
      expect(spellings.length).toBeGreaterThan(0)
      for (const spelling of spellings) {
        await expect(api.verify(signedAnew(spelling))).rejects.toMatchObject({ reason: 'malformed' })
      }
    },
  )

  it('B64-11 leaves no second spelling by which a remembered token could be named', async () => {
    const issuer = await createTestIssuer({ algorithms: ['RS256'] })
    const api = createResourceServer(issuer.options)
    const token = await issuer.sign()
    await api.verify(token)
    const others = [
      `${token}=`,
      `${token}==`,
      ` ${token}`,
      token.replaceAll('-', '+'),
      token.replaceAll('_', '/'),
    ]
    for (const other of others.filter((text) => text !== token)) {
      await expect(api.verify(other)).rejects.toMatchObject({ reason: 'malformed' })
    }
  })
})
