import {
  constants,
  createHash,
  createHmac,
  createPrivateKey,
  type KeyObject,
  privateEncrypt,
  sign,
} from 'node:crypto'
import type { Jwk } from 'oauth-resource-server'
import { fixedKeys } from './keys.ts'
import type { KeySetVector, TokenVector, Vectors } from './types.ts'

/** The seed of everything that is drawn by lot. */
export const seed = 'oauth-resource-server vectors 1'

const issuer = 'https://issuer.test/'
const audience = 'https://api.test'
const now = 1_800_000_000

const privateKeys = {
  EdDSA: createPrivateKey({ key: fixedKeys.EdDSA, format: 'jwk' }),
  RS256: createPrivateKey({ key: fixedKeys.RS256, format: 'jwk' }),
}
type Alg = keyof typeof privateKeys

const publicJwks: Readonly<Record<Alg, Jwk>> = {
  EdDSA: { kty: 'OKP', crv: 'Ed25519', x: fixedKeys.EdDSA.x, kid: 'ed', alg: 'EdDSA', use: 'sig' },
  RS256: { kty: 'RSA', n: fixedKeys.RS256.n, e: fixedKeys.RS256.e, kid: 'rsa', alg: 'RS256', use: 'sig' },
}
const kids: Readonly<Record<Alg, string>> = { EdDSA: 'ed', RS256: 'rsa' }

const b64 = (content: string | Uint8Array): string => Buffer.from(content).toString('base64url')
const claims = (change: object = {}): string =>
  JSON.stringify({
    iss: issuer,
    aud: audience,
    sub: 'user-1',
    client_id: 'client-1',
    iat: now - 10,
    exp: now + 300,
    jti: 'token-1',
    ...change,
  })
const header = (alg: Alg, change: object = {}): string =>
  JSON.stringify({ alg, kid: kids[alg], typ: 'at+jwt', ...change })

function signatureOf(alg: Alg, input: string): Buffer {
  return sign(alg === 'EdDSA' ? null : 'sha256', Buffer.from(input), privateKeys[alg])
}

/** A token over exactly these texts or bytes, with a good signature. */
function token(alg: Alg, head: string | Uint8Array, payload: string | Uint8Array): string {
  const input = `${b64(head)}.${b64(payload)}`
  return `${input}.${b64(signatureOf(alg, input))}`
}

/** A generator of numbers from 0 up to a bound, the same for the same seed everywhere. */
function lots(name: string): (bound: number) => number {
  let counter = 0
  return (bound) => {
    const bytes = createHash('sha256').update(`${seed}/${name}/${counter++}`).digest()
    return bytes.readUInt32BE() % bound
  }
}

/** Every vector, computed anew. */
export function makeVectors(): Vectors {
  return {
    description: 'Tokens and key sets with the verdict a resource server should come to',
    seed,
    issuer,
    audience,
    now,
    clockTolerance: 5,
    privateKeys: fixedKeys,
    jwks: { keys: Object.values(publicJwks) },
    tokens: [...(['EdDSA', 'RS256'] as const).flatMap(tokensOf), ...rsaBlocks(), ...drawn()],
    keySets: keySets(),
  }
}

function tokensOf(alg: Alg): TokenVector[] {
  const vectors: TokenVector[] = []
  const add = (
    comment: string,
    content: string,
    verdict: TokenVector['verdict'],
    flags: readonly string[],
  ): void => {
    vectors.push({
      id: `${alg.toLowerCase()}-${String(vectors.length + 1).padStart(3, '0')}`,
      comment,
      flags,
      token: content,
      verdict,
    })
  }
  const withClaims = (change: object, head: object = {}): string =>
    token(alg, header(alg, head), claims(change))
  const withHeader = (change: object): string => withClaims({}, change)
  const good = withClaims({})
  const [head = '', payload = '', mac = ''] = good.split('.')

  add('a good token', good, 'accepted', [])
  add(
    'a good token whose typ has its prefix and other letters',
    withHeader({ typ: 'Application/AT+JWT' }),
    'accepted',
    ['typ'],
  )
  add('a good token without typ', withHeader({ typ: undefined }), 'accepted', ['typ'])
  add('a good token without kid', withHeader({ kid: undefined }), 'accepted', ['kid'])
  add('a good token with an unknown header member', withHeader({ 'x-unknown': [1] }), 'accepted', ['header'])
  add('a good token with several audiences', withClaims({ aud: ['other', audience] }), 'accepted', ['aud'])
  add(
    'a good token with space in its JSON',
    token(alg, ` ${header(alg)}\n`, claims().replaceAll(',', ' ,\t')),
    'accepted',
    ['json'],
  )
  add('a good token with nesting as deep as may be', withClaims({ x: deep(31) }), 'accepted', ['json'])
  add(
    'a good token with a surrogate pair',
    token(alg, header(alg), claims().replace('user-1', '\\ud83d\\ude00')),
    'accepted',
    ['json'],
  )
  add('exp within the tolerance', withClaims({ exp: now - 4 }), 'accepted', ['exp'])
  add('nbf as far ahead as the tolerance', withClaims({ nbf: now + 5 }), 'accepted', ['nbf'])

  for (const [what, content] of Object.entries({
    'no part': '',
    'one part': head,
    'two parts': `${head}.${payload}`,
    'four parts': `${good}.`,
    'five parts': `${good}.AA.AA`,
    'no header': `.${payload}.${mac}`,
    'no payload': `${head}..${mac}`,
    'no signature': `${head}.${payload}.`,
    'a flattened JSON serialisation': JSON.stringify({ protected: head, payload, signature: mac }),
    'a space in front': ` ${good}`,
    'a line break behind': `${good}\n`,
    'quotes around': `"${good}"`,
  }))
    add(what, content, 'malformed', ['structure'])

  const each = (what: string, change: (part: string) => string): void => {
    add(`${what} in the header`, `${change(head)}.${payload}.${mac}`, 'malformed', ['base64url'])
    add(`${what} in the payload`, `${head}.${change(payload)}.${mac}`, 'malformed', ['base64url'])
    add(`${what} in the signature`, `${head}.${payload}.${change(mac)}`, 'malformed', ['base64url'])
  }
  each('padding', (part) => `${part}=`)
  each('a space', (part) => `${part.slice(0, 4)} ${part.slice(4)}`)
  each('a line break', (part) => `${part.slice(0, 4)}\n${part.slice(4)}`)
  each('a plus', (part) => `+${part.slice(1)}`)
  each('a slash', (part) => `/${part.slice(1)}`)
  each('a character beyond ASCII', (part) => `\u0165${part.slice(1)}`)
  each('a length that no bytes have', (part) => part.slice(0, part.length - (part.length % 4)) + 'A')
  // 64 and 256 bytes both leave four bits of the last character unused.
  for (const bits of [1, 2, 4, 8, 15])
    add(`stray bits ${bits} behind the signature`, `${head}.${payload}.${stray(mac, bits)}`, 'malformed', [
      'base64url',
      'malleability',
    ])

  for (const value of [
    'none',
    'None',
    'NONE',
    'nOnE',
    '',
    'rs256',
    'eddsa',
    'RS256 ',
    'HS256',
    'RS1',
    'dir',
    'RSA-OAEP',
    '__proto__',
    null,
    7,
    true,
    ['RS256'],
    {},
  ]) {
    add(`alg ${JSON.stringify(value)}`, withHeader({ alg: value }), 'algorithm', ['alg'])
  }
  add('no alg', withHeader({ alg: undefined }), 'algorithm', ['alg'])
  add('alg of the other key', withHeader({ alg: alg === 'EdDSA' ? 'RS256' : 'EdDSA' }), 'algorithm', ['alg'])
  for (const name of ['HS256', 'HS384', 'HS512'] as const) {
    for (const [what, secret] of Object.entries(publicTexts(alg))) {
      const input = `${b64(JSON.stringify({ alg: name, kid: kids[alg], typ: 'at+jwt' }))}.${b64(claims())}`
      const hmac = createHmac(`sha${name.slice(2)}`, secret)
        .update(input)
        .digest()
      add(`${name} with ${what} as secret`, `${input}.${b64(hmac)}`, 'algorithm', ['alg', 'confusion'])
    }
  }

  for (const crit of [[], ['x'], ['alg'], ['b64'], ['x', 'x'], 'x', null, 7, {}, [7], ['']])
    add(`crit ${JSON.stringify(crit)}`, withHeader({ crit, x: 1, b64: true }), 'malformed', ['crit'])
  for (const value of [false, true, 'false', 0, null])
    add(`b64 ${JSON.stringify(value)}`, withHeader({ b64: value }), 'malformed', ['crit'])
  add('zip, which a JWS ignores', withHeader({ zip: 'NONE' }), 'accepted', ['header'])
  add('enc', withHeader({ enc: 'A256GCM' }), 'malformed', ['header'])
  add('cty JWT', withHeader({ cty: 'JWT' }), 'malformed', ['header'])
  for (const kid of [7, null, [kids[alg]], {}, true])
    add(`kid ${JSON.stringify(kid)}`, withHeader({ kid }), 'malformed', ['kid'])
  for (const kid of [
    '',
    'unknown',
    '__proto__',
    'constructor',
    '../../dev/null',
    `${kids[alg]} `,
    kids[alg].toUpperCase(),
  ])
    add(`kid ${JSON.stringify(kid)}`, withHeader({ kid }), 'unknown_key', ['kid'])
  for (const typ of [
    'dpop+jwt',
    'logout+jwt',
    'secevent+jwt',
    'token-introspection+jwt',
    'statuslist+jwt',
    'at+jwt; x=1',
    'at+jwt\0',
    ' at+jwt',
    '',
    7,
    null,
    ['at+jwt'],
  ])
    add(`typ ${JSON.stringify(typ)}`, withHeader({ typ }), 'type', ['typ'])
  for (const claim of ['nonce', 'at_hash', 'c_hash', 's_hash', 'events', 'token_introspection', 'vp'])
    add(`the claim ${claim}, of another kind of token`, withClaims({ [claim]: 'x' }), 'type', ['typ'])
  for (const use of ['id', 'refresh', null])
    add(`token_use ${JSON.stringify(use)}`, withClaims({ token_use: use }), 'type', ['typ'])

  const inJson = (what: string, change: (text: string) => string | Uint8Array): void => {
    add(`${what} in the header`, token(alg, change(header(alg)), claims()), 'malformed', ['json'])
    add(`${what} in the payload`, token(alg, header(alg), change(claims())), 'malformed', ['json'])
  }
  inJson('a byte order mark', (text) => `\ufeff${text}`)
  inJson('a repeated member', (text) => `${text.slice(0, -1)},"x":1,"x":1}`)
  inJson('a member repeated through an escape', (text) => `${text.slice(0, -1)},"x":1,"\\u0078":1}`)
  inJson('a member repeated deep inside', (text) => `${text.slice(0, -1)},"x":[{"y":1,"y":2}]}`)
  inJson('a list around', (text) => `[${text}]`)
  inJson('text behind', (text) => `${text}x`)
  inJson('a second object behind', (text) => `${text}{}`)
  inJson('a comma at the end', (text) => `${text.slice(0, -1)},}`)
  inJson('a comment', (text) => `${text.slice(0, -1)}/**/}`)
  inJson('single quotes', (text) => text.replaceAll('"', "'"))
  inJson('NaN', (text) => `${text.slice(0, -1)},"x":NaN}`)
  inJson('half of a surrogate pair', (text) => `${text.slice(0, -1)},"x":"\\ud800"}`)
  inJson('a raw line break in a string', (text) => `${text.slice(0, -1)},"x":"\n"}`)
  inJson('nesting beyond every need', (text) => `${text.slice(0, -1)},"x":${JSON.stringify(deep(32))}}`)
  inJson('a leading zero', (text) => `${text.slice(0, -1)},"x":01}`)
  for (const bytes of ['ff', 'c0af', 'c080', 'eda080', 'f4908080', 'e282', '80']) {
    inJson(`invalid UTF-8 ${bytes}`, (text) =>
      Buffer.concat([
        Buffer.from(`${text.slice(0, -1)},"x":"`),
        Buffer.from(bytes, 'hex'),
        Buffer.from('"}'),
      ]),
    )
  }

  for (const [name, verdict] of [
    ['exp', 'claim'],
    ['iss', 'issuer'],
    ['aud', 'audience'],
  ] as const) {
    add(`no ${name}`, withClaims({ [name]: undefined }), verdict, [name])
    for (const value of [null, true, {}, [], [7]])
      add(`${name} ${JSON.stringify(value)}`, withClaims({ [name]: value }), verdict, [name])
  }
  for (const name of ['exp', 'nbf', 'iat']) {
    for (const value of [`"${now + 300}"`, '1e400', '-1', '9007199254740993', 'null', '[]']) {
      const text = claims({ [name]: undefined })
      add(`${name} ${value}`, token(alg, header(alg), `${text.slice(0, -1)},"${name}":${value}}`), 'claim', [
        name,
      ])
    }
  }
  add('exp reached', withClaims({ exp: now - 5, iat: now - 60 }), 'expired', ['exp'])
  add('exp long ago', withClaims({ exp: 1, iat: undefined }), 'expired', ['exp'])
  add('exp in milliseconds', withClaims({ exp: (now + 300) * 1000 }), 'claim', ['exp'])
  add('nbf ahead', withClaims({ nbf: now + 6 }), 'not_yet_valid', ['nbf'])
  add('iat ahead', withClaims({ iat: now + 6 }), 'not_yet_valid', ['iat'])
  add('iat after exp', withClaims({ iat: now + 4, exp: now + 3 }), 'claim', ['iat'])
  for (const iss of [
    'https://issuer.test',
    'https://ISSUER.test/',
    'http://issuer.test/',
    'https://issuer.test:443/',
    'https://issuer.test/x',
    'https://issuer.test/\0',
    '',
  ])
    add(`iss ${JSON.stringify(iss)}`, withClaims({ iss }), 'issuer', ['iss'])
  for (const aud of [
    'https://api.test/',
    'https://API.test',
    'https://api.test/v1',
    'https://api.test,other',
    'https://api.test other',
    '',
    [audience, 7],
    [[audience]],
    ['other'],
  ])
    add(`aud ${JSON.stringify(aud)}`, withClaims({ aud }), 'audience', ['aud'])
  for (const name of ['sub', 'jti', 'client_id'])
    for (const value of [7, null, [], {}])
      add(`${name} ${JSON.stringify(value)}`, withClaims({ [name]: value }), 'claim', [name])
  for (const cnf of [{ jkt: 'x' }, { 'x5t#S256': 'x' }, {}])
    add(`cnf ${JSON.stringify(cnf)}, sent as Bearer`, withClaims({ cnf }), 'binding', ['cnf'])
  add('cnf null', withClaims({ cnf: null }), 'claim', ['cnf'])

  const bytes = Buffer.from(mac, 'base64url')
  const draw = lots(`bits of ${alg}`)
  for (let n = 0; n < 16; n++) {
    const at = draw(bytes.length)
    const bad = Buffer.from(bytes)
    bad[at] = (bad[at] as number) ^ (1 << draw(8))
    add(`a bit of byte ${at} of the signature changed`, `${head}.${payload}.${b64(bad)}`, 'signature', [
      'signature',
    ])
  }
  add('a signature cut short', `${head}.${payload}.${b64(bytes.subarray(0, -1))}`, 'signature', ['signature'])
  add(
    'a signature with a zero more',
    `${head}.${payload}.${b64(Buffer.concat([bytes, Buffer.of(0)]))}`,
    'signature',
    ['signature'],
  )
  add('a signature of zeros', `${head}.${payload}.${b64(Buffer.alloc(bytes.length))}`, 'signature', [
    'signature',
  ])
  add(
    'the signature of another token',
    `${head}.${payload}.${withClaims({ jti: 'token-2' }).split('.')[2] ?? ''}`,
    'signature',
    ['signature'],
  )
  add(
    'a signature of the payload alone',
    `${head}.${payload}.${b64(signatureOf(alg, payload))}`,
    'signature',
    ['signature'],
  )
  if (alg === 'EdDSA') {
    const L = 2n ** 252n + 27_742_317_777_372_353_535_851_937_790_883_648_493n
    const s = BigInt(`0x${Buffer.from(bytes.subarray(32)).reverse().toString('hex')}`)
    const beyond = Buffer.from((s + L).toString(16).padStart(64, '0'), 'hex').reverse()
    add(
      's and the order of the group added',
      `${head}.${payload}.${b64(Buffer.concat([bytes.subarray(0, 32), beyond]))}`,
      'signature',
      ['signature', 'malleability'],
    )
  }
  return vectors
}

function deep(depth: number): unknown {
  return depth === 0 ? 1 : [deep(depth - 1)]
}

function stray(part: string, bits: number): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return part.slice(0, -1) + (alphabet[alphabet.indexOf(part.at(-1) as string) + bits] as string)
}

/** Everything public about a key that a careless verifier might take for a secret. */
function publicTexts(alg: Alg): Readonly<Record<string, string>> {
  const jwk = publicJwks[alg]
  return {
    'the JWK': JSON.stringify(jwk),
    'the JWK Set': JSON.stringify({ keys: Object.values(publicJwks) }),
    'the key id': kids[alg],
    'the text null': 'null',
  }
}

/** Blocks under the RSA signature that a verifier which reads instead of comparing may take for good ones. */
function rsaBlocks(): TokenVector[] {
  const input = `${b64(header('RS256'))}.${b64(claims())}`
  const oid = Buffer.from('0609608648016503040201', 'hex')
  const digest = createHash('sha256').update(input).digest()
  const info = (parameters: string): Buffer => {
    const algorithm = Buffer.concat([oid, Buffer.from(parameters, 'hex')])
    return Buffer.concat([
      Buffer.of(0x30, algorithm.length + 36, 0x30, algorithm.length),
      algorithm,
      Buffer.of(4, 32),
      digest,
    ])
  }
  const block = (content: Buffer, padding = 256 - 3 - content.length): Buffer =>
    Buffer.concat([
      Buffer.of(0, 1),
      Buffer.alloc(padding, 0xff),
      Buffer.of(0),
      content,
      Buffer.alloc(256 - 3 - content.length - padding, 7),
    ])
  const raw = (content: Buffer): string => `${input}.${b64(rawRsa(privateKeys.RS256, content))}`
  const rows: readonly (readonly [string, Buffer, TokenVector['verdict']])[] = [
    ['the block as it should be', block(info('0500')), 'accepted'],
    ['no parameters', block(info('')), 'signature'],
    ['parameters that are not NULL', block(info('0400')), 'signature'],
    ['a bare hash', block(digest), 'signature'],
    ['little padding and garbage behind', block(info('0500'), 8), 'signature'],
    ['a byte behind the hash', block(Buffer.concat([info('0500'), Buffer.of(0)])), 'signature'],
    [
      'the block type of encryption',
      Buffer.concat([Buffer.of(0, 2), block(info('0500')).subarray(2)]),
      'signature',
    ],
  ]
  return rows.map(([comment, content, verdict], index) => ({
    id: `pkcs1-${String(index + 1).padStart(3, '0')}`,
    comment: `PKCS#1 v1.5: ${comment}`,
    flags: ['signature', 'padding'],
    token: raw(content),
    verdict,
  }))
}

function rawRsa(key: KeyObject, content: Buffer): Buffer {
  return privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, content)
}

/** Good tokens with characters changed by lot; whatever comes out must not be accepted. */
function drawn(): TokenVector[] {
  const good = token('EdDSA', header('EdDSA'), claims())
  const draw = lots('characters')
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return Array.from({ length: 64 }, (_, index) => {
    const at = draw(good.length)
    let character = alphabet[draw(64)] as string
    if (character === good[at]) character = character === 'A' ? 'B' : 'A'
    return {
      id: `drawn-${String(index + 1).padStart(3, '0')}`,
      comment: `character ${at} replaced by ${character}`,
      flags: ['drawn'],
      token: good.slice(0, at) + character + good.slice(at + 1),
      verdict: 'refused',
    }
  })
}

function keySets(): KeySetVector[] {
  const { EdDSA: ed, RS256: rsa } = publicJwks
  const good = token('RS256', header('RS256'), claims())
  const edToken = token('EdDSA', header('EdDSA'), claims())
  const vectors: KeySetVector[] = []
  const add = (
    comment: string,
    keys: readonly unknown[],
    content: string,
    verdict: KeySetVector['verdict'],
    flags: readonly string[],
  ): void => {
    vectors.push({
      id: `keys-${String(vectors.length + 1).padStart(3, '0')}`,
      comment,
      flags,
      jwks: { keys },
      token: content,
      verdict,
    })
  }
  const bad = (comment: string, change: object, flags: readonly string[]): void =>
    add(comment, [{ ...rsa, ...change }, ed], good, 'unknown_key', flags)

  add('a good set', [rsa, ed], good, 'accepted', [])
  add('unknown members', [{ ...rsa, 'x-unknown': 1, ext: true, x5c: ['nonsense'] }, ed], good, 'accepted', [])
  add('key_ops verify', [{ ...rsa, key_ops: ['verify'] }, ed], good, 'accepted', ['key_ops'])
  add('no alg', [{ ...rsa, alg: undefined }, ed], good, 'accepted', ['alg'])
  add('the same key twice', [rsa, rsa, ed], good, 'accepted', ['kid'])
  add('entries that are no keys', [null, 7, 'key', [], {}, rsa], good, 'accepted', [])
  add('Ed25519 as alg of a key for tokens of EdDSA', [rsa, { ...ed, alg: 'Ed25519' }], edToken, 'accepted', [
    'alg',
  ])
  for (const use of ['enc', 'SIG', '', 7, null, ['sig']]) bad(`use ${JSON.stringify(use)}`, { use }, ['use'])
  for (const key_ops of [
    [],
    ['sign'],
    ['encrypt'],
    ['verify', 'verify'],
    ['verify', 'encrypt'],
    'verify',
    null,
  ])
    bad(`key_ops ${JSON.stringify(key_ops)}`, { key_ops }, ['key_ops'])
  for (const alg of ['ES256', 'HS256', 'none', 'rs256', 'RSA-OAEP', 7, null])
    bad(`alg ${JSON.stringify(alg)}`, { alg }, ['alg'])
  for (const e of ['AA', 'AQ', 'Ag', 'AQAA', 'AQAAAAE', '', 7, null, 'AQAB='])
    bad(`e ${JSON.stringify(e)}`, { e }, ['size'])
  for (const [what, n] of Object.entries({
    '1024 bits': modulus(1024),
    '2047 bits': modulus(2047),
    '8193 bits': modulus(8193),
    '16384 bits': modulus(16_384),
    'an even number': b64(Buffer.alloc(256, 0xc2)),
    'no text': 7,
  }))
    bad(`n of ${what}`, { n }, ['size'])
  for (const kty of ['rsa', 'EC', 'oct', 'DSA', '', 7, null])
    bad(`kty ${JSON.stringify(kty)}`, { kty }, ['kty'])
  for (const name of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'])
    bad(`the private member ${name}`, { [name]: 'AQAB' }, ['private'])
  for (const kid of [7, null, ['rsa'], {}]) bad(`kid ${JSON.stringify(kid)}`, { kid }, ['kid'])
  add('an alg other than that of the token', [{ ...rsa, alg: 'RS512' }, ed], good, 'algorithm', ['alg'])
  add('two keys under one id', [rsa, { ...rsa, n: modulus(2048) }, ed], good, 'unknown_key', ['kid'])
  add('another key under the id', [{ ...rsa, n: modulus(2048) }, ed], good, 'signature', ['kid'])
  for (const crv of ['X25519', 'Ed448', 'P-256', 'ed25519', '', 7, null])
    add(`crv ${JSON.stringify(crv)}`, [rsa, { ...ed, crv }], edToken, 'unknown_key', ['crv'])
  for (const x of [
    '00',
    '01',
    `ec${'ff'.repeat(30)}7f`,
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
  ]) {
    const point = Buffer.from(x.padEnd(64, '0'), 'hex')
    add(
      `the point ${x.slice(0, 8)}, of small order`,
      [rsa, { ...ed, x: b64(point) }],
      edToken,
      'unknown_key',
      ['point'],
    )
  }
  for (const [what, keys] of Object.entries({
    'an empty list': [],
    'nothing usable': [{ ...rsa, use: 'enc' }],
    'nothing but a secret': [{ kty: 'oct', k: 'AAAA' }],
  }))
    add(what, keys, good, 'unusable', ['set'])
  return vectors
}

/** An odd number of this length; nobody needs to know its factors for it to be too short or too long. */
function modulus(bits: number): string {
  const bytes = Buffer.alloc(Math.ceil(bits / 8), 0x5b)
  bytes[0] = 1 << ((bits - 1) % 8)
  bytes[bytes.length - 1] = 0x5b
  return b64(bytes)
}
