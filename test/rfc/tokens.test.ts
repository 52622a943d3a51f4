import { generateKeyPairSync } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'
import { createResourceServer, InvalidTokenError } from 'oauth-resource-server'
import { createTestIssuer, type TestAlgorithm } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'
import {
  audience,
  b64,
  type CaseDetails,
  createRange,
  issuerName,
  jwkOf,
  kidOf,
  parts,
  type Range,
  signature,
  signed,
  type TokenCase,
  tryTokens,
  without,
} from '../support/range.ts'

const algorithms: readonly TestAlgorithm[] = ['ES256', 'RS256', 'ES384', 'ES512', 'PS256', 'EdDSA']
const attacker = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const attackerJwk = attacker.publicKey.export({ format: 'jwk' })

const claims = (change: object) => (range: Range) => range.issuer.sign({ ...change })
const header = (change: object) => (range: Range) => range.issuer.sign({}, { ...change })
const forged = (change: object) => (range: Range) =>
  signed(range.header(change), range.claims(), attacker.privateKey)
const at =
  (name: string, seconds: number, rest: object = {}) =>
  (range: Range) =>
    range.issuer.sign({ [name]: range.now() + seconds, ...rest })
const payload = (write: (text: string, range: Range) => string | Uint8Array) => (range: Range) =>
  range.issuer.signRaw(JSON.stringify(range.header()), write(JSON.stringify(range.claims()), range))
const headerText = (write: (text: string, range: Range) => string | Uint8Array) => (range: Range) =>
  range.issuer.signRaw(write(JSON.stringify(range.header()), range), JSON.stringify(range.claims()))
const options = (changed: object): CaseDetails => ({ options: { ...changed } })
const strict = options({ profile: 'rfc9068' })
const asked: CaseDetails = { calls: 1 }
const changedToken = (change: (token: string) => string) => async (range: Range) =>
  change(await range.issuer.sign())
const alg = (name: TestAlgorithm) => (range: Range) => range.issuer.sign({}, { alg: name })

const idToken = { aud: 'client-1', nonce: 'n' }

const cases: readonly TokenCase[] = [
  ['RFC6749-7-2 an expired token is refused', at('exp', -31, { iat: undefined }), 'expired'],

  [
    'RFC6750-2.1-2 a token of other characters is malformed',
    changedToken((token) => `${token}"`),
    'malformed',
  ],
  ['RFC6750-2.1-3 an empty token is malformed, not missing', () => '', 'malformed'],

  ['RFC7515-2-1 padding is refused', changedToken((token) => `${token}=`), 'malformed'],
  ['RFC7515-2-1 a line break is refused', changedToken((token) => token.replace('.', '\n.')), 'malformed'],
  [
    'RFC7515-2-1 bits beyond the last byte are refused',
    changedToken((token) => token.slice(0, -1) + String.fromCharCode(token.charCodeAt(token.length - 1) + 1)),
    'malformed',
  ],
  [
    'RFC7515-3.1-1 a JSON serialisation is refused',
    changedToken((token) =>
      JSON.stringify({ protected: parts(token)[0], payload: parts(token)[1], signature: parts(token)[2] }),
    ),
    'malformed',
  ],
  [
    'RFC7515-3.1-1 one dot is refused',
    changedToken((token) => token.slice(0, token.lastIndexOf('.'))),
    'malformed',
  ],
  ['RFC7515-3.1-1 three dots are refused', changedToken((token) => `${token}.`), 'malformed'],
  [
    'RFC7515-4-1 a header member that is there twice is refused',
    headerText((text) => `{"alg":"ES256",${text.slice(1)}`),
    'malformed',
  ],
  ['RFC7515-4-2 an unknown header member is ignored', header({ 'x-unknown': { a: [1] } }), 'accepted'],
  [
    'RFC7515-4.1.1-1 a header without alg is refused',
    (range) => signed(range.header({ alg: undefined }), range.claims(), range.issuer.privateKey(), 'ES256'),
    'algorithm',
  ],
  [
    'RFC7515-4.1.1-1 an alg that is no text is refused',
    (range) => signed(range.header({ alg: ['ES256'] }), range.claims(), range.issuer.privateKey(), 'ES256'),
    'algorithm',
  ],
  [
    'RFC7515-4.1.1-1 an alg nobody knows is refused',
    (range) => signed(range.header({ alg: 'XY256' }), range.claims(), range.issuer.privateKey(), 'ES256'),
    'algorithm',
  ],
  ['RFC7515-4.1.2-1 jku is never called', forged({ jku: 'https://evil.test/keys' }), 'signature'],
  ['RFC7515-4.1.3-1 jwk is never the key', forged({ jwk: attackerJwk }), 'signature'],
  ['RFC7515-4.1.4-1 kid of another type is refused', header({ kid: 7 }), 'malformed'],
  [
    'RFC7515-4.1.4-1 kid in other letters is another',
    (range) => range.issuer.sign({}, { kid: kidOf(range.issuer).toUpperCase() }),
    'unknown_key',
    asked,
  ],
  ['RFC7515-4.1.5-1 x5u is never called', forged({ x5u: 'https://evil.test/chain' }), 'signature'],
  ['RFC7515-4.1.6-1 x5c is never trusted', forged({ x5c: ['MIIB'] }), 'signature'],
  [
    'RFC7515-4.1.9-1 typ without a slash stands for application/',
    header({ typ: 'application/at+jwt' }),
    'accepted',
    strict,
  ],
  ['RFC7515-4.1.9-2 typ in other letters is the same', header({ typ: 'at+JWT' }), 'accepted', strict],
  [
    'RFC7515-4.1.11-1 a critical extension is refused, as none is understood',
    header({ crit: ['x'], x: 1 }),
    'malformed',
  ],
  ['RFC7515-4.1.11-2 crit among the claims means nothing', claims({ crit: ['x'] }), 'accepted'],
  ...[[], 'x', [7], ['x', 'x'], ['alg'], ['absent']].map((crit): TokenCase => [
    `RFC7515-4.1.11-3 ${JSON.stringify(crit)} as crit is refused`,
    header({ crit, x: 1 }),
    'malformed',
  ]),
  [
    'RFC7515-5.2-1 a header with a byte order mark is refused',
    headerText((text) => `\ufeff${text}`),
    'malformed',
  ],
  ['RFC7515-5.2-1 a header that is a list is refused', headerText((text) => `[${text}]`), 'malformed'],
  [
    'RFC7515-5.2-1 a header of broken UTF-8 is refused',
    headerText((text) =>
      Buffer.concat([Buffer.from(text.slice(0, -1)), Buffer.from(',"x":"\xff"}', 'latin1')]),
    ),
    'malformed',
  ],
  [
    'RFC7515-5.2-2 the signature covers the bytes that came, spaces and order included',
    headerText((text) => ` ${text.replace(',', ' , ')} `),
    'accepted',
  ],
  [
    'RFC7515-5.2-2 the same claims in another order are other bytes',
    async (range) => {
      const [first, , mac] = parts(await range.issuer.sign({ jti: 'a' }))
      return `${first}.${b64(JSON.stringify({ jti: 'a', ...range.claims({ jti: undefined }) }))}.${mac}`
    },
    'signature',
  ],
  [
    'RFC7515-5.2-3 the alg of the header is the one used',
    (range) => signed(range.header({}, 'RS256'), range.claims(), range.issuer.privateKey('RS256'), 'PS256'),
    'signature',
  ],
  [
    'RFC7515-5.2-4 a signature that is right under an algorithm not accepted is refused',
    alg('RS256'),
    'algorithm',
    options({ algorithms: ['ES256'] }),
  ],
  [
    'RFC7515-5.3-1 text is compared code point by code point',
    claims({ aud: 'cle\u0301' }),
    'audience',
    options({ audience: 'cl\u00e9' }),
  ],
  [
    'RFC7515-10.6-1 an alg that disagrees with the key is refused',
    (range) =>
      signed(range.header({ alg: 'PS256' }, 'RS256'), range.claims(), range.issuer.privateKey('RS256')),
    'algorithm',
  ],
  ['RFC7515-10.12-1 text behind the header is refused', headerText((text) => `${text}x`), 'malformed'],
  ['RFC7515-10.12-1 text behind the claims is refused', payload((text) => `${text}{}`), 'malformed'],
  [
    'RFC7515-10.13-1 characters beyond the BMP are compared right',
    claims({ aud: '😀' }),
    'accepted',
    options({ audience: '😀' }),
  ],
  [
    'RFC7515-10.13-1 half of such a character is refused',
    payload((text) => `${text.slice(0, -1)},"x":"\\ud83d"}`),
    'malformed',
  ],

  [
    'RFC7516-3.1-1 an encrypted token, four dots, is refused',
    () => `${b64('{"alg":"dir","enc":"A256GCM"}')}..AAAA.AAAA.AAAA`,
    'malformed',
  ],

  [
    'RFC7518-3.4-1 ES256 as DER is refused',
    (range) => {
      const input = `${b64(JSON.stringify(range.header()))}.${b64(JSON.stringify(range.claims()))}`
      const raw = signature('ES256', range.issuer.privateKey(), input)
      return `${input}.${b64(Buffer.concat([Buffer.of(0x30, 0x44, 2, 0x20), raw.subarray(0, 32), Buffer.of(2, 0x20), raw.subarray(32)]))}`
    },
    'signature',
  ],
  ...(['ES256', 'ES384', 'ES512'] as const).map((name): TokenCase => [
    `RFC7518-3.4-1 ${name} of the right length is accepted`,
    alg(name),
    'accepted',
  ]),
  ...(['ES256', 'ES384', 'ES512'] as const).map((name): TokenCase => [
    `RFC7518-3.4-3 ${name} of zeros is refused`,
    async (range) => {
      const token = await range.issuer.sign({}, { alg: name })
      const [first, second, mac] = parts(token)
      return `${first}.${second}.${b64(Buffer.alloc(Buffer.from(mac, 'base64url').length))}`
    },
    'signature',
  ]),
  [
    'RFC7518-3.4-2 ES384 under a key of P-256 is refused',
    (range) => signed(range.header({ alg: 'ES384' }), range.claims(), range.issuer.privateKey()),
    'algorithm',
    (range) => ({ keys: [without(jwkOf(range.issuer), 'alg')] }),
  ],
  [
    'RFC7518-3.6-1 an unsecured token is refused',
    (range) => `${b64('{"alg":"none"}')}.${b64(JSON.stringify(range.claims()))}.`,
    'malformed',
  ],
  [
    'RFC7518-3.6-1 an unsecured token with some signature is refused',
    (range) => `${b64('{"alg":"none"}')}.${b64(JSON.stringify(range.claims()))}.AAAA`,
    'algorithm',
  ],

  [
    'RFC7519-4-1 a claim that is there twice is refused',
    payload((text) => `{"sub":"admin",${text.slice(1)}`),
    'malformed',
  ],
  ['RFC7519-4-2 unknown claims are ignored', claims({ 'https://x.test/y': { z: [1] } }), 'accepted'],
  [
    'RFC7519-4.1.1-1 iss without the slash at its end is another',
    claims({ iss: 'https://issuer.test' }),
    'issuer',
  ],
  ['RFC7519-4.1.1-1 iss of another type is refused', claims({ iss: 7 }), 'issuer'],
  ['RFC7519-4.1.2-1 sub of another type is refused', claims({ sub: 7 }), 'claim'],
  ['RFC7519-4.1.3-1 aud that does not name us is refused', claims({ aud: 'https://other.test' }), 'audience'],
  ['RFC7519-4.1.3-2 aud as a list is accepted', claims({ aud: ['other', audience] }), 'accepted'],
  ['RFC7519-4.1.3-2 aud as one text is accepted', claims({ aud: audience }), 'accepted'],
  ...[7, {}, [7], [audience, 7], null].map((aud): TokenCase => [
    `RFC7519-4.1.3-2 ${JSON.stringify(aud)} as aud is refused`,
    claims({ aud }),
    'audience',
  ]),
  [
    'RFC7519-4.1.4-1 at exp itself a token is refused',
    at('exp', 0),
    'expired',
    options({ clockTolerance: 0 }),
  ],
  [
    'RFC7519-4.1.4-1 before exp a token is accepted',
    at('exp', 1),
    'accepted',
    options({ clockTolerance: 0 }),
  ],
  ...['1800000300', null, [], true].map((exp): TokenCase => [
    `RFC7519-4.1.4-3 ${JSON.stringify(exp)} as exp is refused`,
    claims({ exp }),
    'claim',
  ]),
  ...['1e400', '-1e400', '-1', '9007199254740993'].map((exp): TokenCase => [
    `RFC7519-4.1.4-3 ${exp} as exp is refused`,
    payload(
      (_text, range) => `${JSON.stringify(range.claims({ exp: undefined })).slice(0, -1)},"exp":${exp}}`,
    ),
    'claim',
  ]),
  ['RFC7519-4.1.4-3 a fraction as exp is accepted', at('exp', 0.5), 'accepted'],
  ['RFC7519-4.1.5-1 before nbf a token is refused', at('nbf', 31), 'not_yet_valid'],
  ['RFC7519-4.1.5-1 at nbf less the tolerance it is accepted', at('nbf', 30), 'accepted'],
  ['RFC7519-4.1.5-2 nbf of another type is refused', claims({ nbf: '1' }), 'claim'],
  ['RFC7519-4.1.6-1 iat of another type is refused', claims({ iat: '1' }), 'claim'],
  ['RFC7519-4.1.6-2 iat ahead of the clock is refused', at('iat', 31), 'not_yet_valid'],
  [
    'RFC7519-4.1.6-2 iat too long ago is refused where there is a greatest age',
    at('iat', -91),
    'too_old',
    options({ maxTokenAge: 60 }),
  ],
  ['RFC7519-4.1.7-1 jti of another type is refused', claims({ jti: 7 }), 'claim'],
  ['RFC7519-7.2-1 one failed check is enough', claims({ nbf: 'x' }), 'claim'],
  ['RFC7519-7.2-2 a payload that is a list is refused', payload((text) => `[${text}]`), 'malformed'],
  [
    'RFC7519-7.2-2 a payload of broken UTF-8 is refused',
    payload(() => Buffer.from('{"x":"\xc3"}', 'latin1')),
    'malformed',
  ],
  [
    'RFC7519-7.2-4 an algorithm that is not accepted is refused',
    alg('EdDSA'),
    'algorithm',
    options({ algorithms: ['ES256'] }),
  ],
  ...(['RS256', 'ES256'] as const).map((name): TokenCase => [
    `RFC7519-8-2 ${name} is accepted by default`,
    alg(name),
    'accepted',
  ]),

  [
    'RFC9701-8.1-1 a signed introspection response is no access token',
    claims({ token_introspection: { active: true } }),
    'type',
  ],
  ["RFC9701-8.1-1 its typ is no access token's", header({ typ: 'token-introspection+jwt' }), 'type'],
  [
    'RFC9701-8.1-2 a token without what every access token has is refused',
    claims({ exp: undefined }),
    'claim',
  ],

  [
    'RFC8705-3-4 a token bound to a certificate is refused without it',
    claims({ cnf: { 'x5t#S256': 'bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2' } }),
    'binding',
  ],
  ['RFC8707-2-3 an audience that begins like ours is another', claims({ aud: `${audience}/v1` }), 'audience'],
  ['RFC8707-2-3 an audience on our host is another', claims({ aud: `${audience}/` }), 'audience'],
  [
    'RFC7800-3.1-1 a token bound in a way nobody knows is refused',
    claims({ cnf: { 'x-new': 1 } }),
    'binding',
  ],
  ['RFC7800-3.1-2 a cnf that is no object is refused', claims({ cnf: 'x' }), 'claim'],
  [
    'RFC7800-3.1-2 a cnf with two keys is refused',
    claims({ cnf: { jwk: {}, jku: 'https://evil.test/' } }),
    'binding',
  ],
  [
    'RFC7800-3.1-3 a token bound twice is refused without both proofs',
    claims({ cnf: { jkt: 'x', 'x5t#S256': 'y' } }),
    'binding',
  ],
  ['RFC7800-3.5-1 cnf.jku is never called', claims({ cnf: { jku: 'https://evil.test/' } }), 'binding'],
  ['RFC9449-6-1 a token bound to a DPoP key is told apart', claims({ cnf: { jkt: 'x' } }), 'binding'],
  [
    'RFC9449-7.2-1 a token bound to a DPoP key is refused as Bearer, also where DPoP is off',
    claims({ cnf: { jkt: 'x' } }),
    'binding',
  ],

  [
    'RFC8725-3.1-2 the alg of the header is the one used',
    (range) => signed(range.header({}, 'ES384'), range.claims(), attacker.privateKey, 'ES256'),
    'signature',
  ],
  [
    'RFC8725-3.1-3 a key for RS256 refuses PS256',
    (range) =>
      signed(range.header({ alg: 'PS256' }, 'RS256'), range.claims(), range.issuer.privateKey('RS256')),
    'algorithm',
  ],
  [
    'RFC8725-3.1-3 a public key is never the secret of an HMAC',
    (range) =>
      signed(
        range.header({ alg: 'HS256' }, 'RS256'),
        range.claims(),
        JSON.stringify(jwkOf(range.issuer, 'RS256')),
      ),
    'algorithm',
  ],
  [
    'RFC8725bis-3.1-4 an alg that does not belong to the key of the kid is refused',
    (range) =>
      signed(range.header({ alg: 'RS384' }, 'RS256'), range.claims(), range.issuer.privateKey('RS256')),
    'algorithm',
  ],
  ...['RS1', 'XS256', 'rs256', 'NONE', ''].map((name): TokenCase => [
    `RFC8725bis-3.1-6 ${JSON.stringify(name)}, which is on no list, is refused`,
    (range) =>
      signed(range.header({ alg: name }, 'RS256'), range.claims(), range.issuer.privateKey('RS256'), 'RS256'),
    'algorithm',
  ]),
  ...['none', 'None', 'NONE', 'nOnE'].map((name): TokenCase => [
    `RFC8725-3.2-3 ${name} is refused`,
    (range) => `${b64(JSON.stringify({ alg: name }))}.${b64(JSON.stringify(range.claims()))}.AAAA`,
    'algorithm',
  ]),
  [
    'RFC8725-3.3-1 a signature that is wrong in one bit is refused',
    async (range) => {
      const [first, second, mac] = parts(await range.issuer.sign())
      const bytes = Buffer.from(mac, 'base64url')
      bytes[7] = (bytes[7] as number) ^ 1
      return `${first}.${second}.${b64(bytes)}`
    },
    'signature',
  ],
  [
    'RFC8725bis-3.3-3 an encrypted token is told apart and refused',
    () => `${b64('{"alg":"RSA-OAEP","enc":"A256GCM"}')}.AAAA.AAAA.AAAA.AAAA`,
    'malformed',
  ],
  [
    'RFC8725-3.7-1 claims in UTF-16 are refused',
    payload((text) => Buffer.from(text, 'utf16le')),
    'malformed',
  ],
  [
    'RFC8725-3.7-1 overlong UTF-8 is refused',
    payload((text) =>
      Buffer.concat([Buffer.from(text.slice(0, -1)), Buffer.from(',"x":"\xc0\xaf"}', 'latin1')]),
    ),
    'malformed',
  ],
  ['RFC8725-3.9-1 no aud is refused', claims({ aud: undefined }), 'audience'],
  ['RFC8725-3.9-1 a foreign aud is refused', claims({ aud: 'x' }), 'audience'],
  ...['__proto__', 'constructor', '../../etc/passwd', "' OR 1=1 --", '*)(cn=*'].map((kid): TokenCase => [
    `RFC8725-3.10-1 ${JSON.stringify(kid)} as kid finds nothing`,
    header({ kid }),
    'unknown_key',
    asked,
  ]),
  [
    'RFC8725-3.10-2 neither jku nor x5u is called',
    forged({ jku: 'https://evil.test/', x5u: 'https://evil.test/' }),
    'signature',
  ],
  ['RFC8725-3.11-1 typ of another kind is refused', header({ typ: 'secevent+jwt' }), 'type'],
  [
    'RFC8725bis-3.11-2 typ with application/ is the same',
    header({ typ: 'application/at+jwt' }),
    'accepted',
    strict,
  ],
  ...['dpop+jwt', 'secevent+jwt', 'token-introspection+jwt', 'logout+jwt', 'statuslist+jwt'].map(
    (typ): TokenCase => [
      `RFC8725bis-3.11-4 ${typ} is refused also by the compatible profile`,
      header({ typ }),
      'type',
    ],
  ),
  ['RFC8725-3.12-1 an ID token is refused', (range) => range.issuer.sign(idToken, { typ: 'JWT' }), 'type'],
  ['RFC8725-3.12-1 a DPoP proof is refused', header({ typ: 'dpop+jwt' }), 'type'],
  ['RFC8725-3.12-1 a logout token is refused', claims({ events: {} }), 'type'],
  [
    'RFC8725-3.12-1 a client assertion is refused',
    claims({ sub: 'client-1', aud: `${issuerName}token` }),
    'audience',
  ],
  ['RFC8725bis-3.14-1 braces and quotes are no token', () => '{"alg":"none"}', 'malformed'],

  ['RFC9068-2.1-1 RS256 is accepted', alg('RS256'), 'accepted', strict],
  [
    'RFC9068-2.1-2 none is refused',
    (range) => `${b64('{"alg":"none","typ":"at+jwt"}')}.${b64(JSON.stringify(range.claims()))}.AAAA`,
    'algorithm',
    strict,
  ],
  ...(['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti'] as const).flatMap((name): TokenCase[] => {
    const always = { iss: 'issuer', exp: 'claim', aud: 'audience' } as const
    const required = name === 'iss' || name === 'exp' || name === 'aud'
    return [
      [
        `RFC9068-2.2-1 no ${name} is refused`,
        claims({ [name]: undefined }),
        required ? always[name] : 'claim',
        strict,
      ],
      [
        `RFC9068-2.2-1 no ${name} under the compatible profile`,
        claims({ [name]: undefined }),
        required ? always[name] : 'accepted',
      ],
    ]
  }),
  ['RFC9068-2.2.1-1 auth_time of another type is accepted', claims({ auth_time: '1' }), 'accepted', strict],
  ['RFC9068-2.2.1-1 acr of another type is accepted', claims({ acr: 1 }), 'accepted', strict],
  ['RFC9068-2.2.1-1 amr of another type is accepted', claims({ amr: 'pwd' }), 'accepted', strict],
  [
    'RFC9068-2.2.1-1 all of them of the right type are accepted',
    claims({ auth_time: 1, acr: 'a', amr: ['pwd'] }),
    'accepted',
    strict,
  ],
  ['RFC9068-4-1 at+jwt is accepted', header({ typ: 'at+jwt' }), 'accepted', strict],
  ['RFC9068-4-1 application/at+jwt is accepted', header({ typ: 'application/at+jwt' }), 'accepted', strict],
  ['RFC9068-4-1 no typ is refused', header({ typ: undefined }), 'type', strict],
  ['RFC9068-4-1 JWT is refused', header({ typ: 'JWT' }), 'type', strict],
  [
    'RFC9068-4-4 iss that is not exactly the issuer is refused',
    claims({ iss: 'https://issuer.test/x' }),
    'issuer',
    strict,
  ],
  [
    'RFC9068-4-5 aud with our name among others is accepted',
    claims({ aud: ['x', audience] }),
    'accepted',
    strict,
  ],
  ['RFC9068-4-6 aud without our name is refused', claims({ aud: ['x', 'y'] }), 'audience', strict],
  ['RFC9068-4-7 a wrong signature is refused', forged({}), 'signature', strict],
  [
    'RFC9068-4-8 none is refused',
    (range) => `${b64('{"alg":"none","typ":"at+jwt"}')}.${b64(JSON.stringify(range.claims()))}.AAAA`,
    'algorithm',
    strict,
  ],
  [
    'RFC9068-4-9 a key the issuer does not provide is refused',
    forged({ kid: 'own', jwk: attackerJwk }),
    'unknown_key',
    { ...strict, calls: 1 },
  ],
  ['RFC9068-4-10 an expired token is refused', at('exp', -30, { iat: undefined }), 'expired', options({})],
  [
    'RFC9068-5-1 a token for a sibling API is refused',
    claims({ aud: 'https://sibling.test' }),
    'audience',
    strict,
  ],
  [
    'RFC9700-2.3-1 a token that is not meant for us is refused',
    claims({ aud: 'https://other.test' }),
    'audience',
  ],
  ['RFC9728-7.4-1 a token without a restricted audience is refused', claims({ aud: undefined }), 'audience'],
  ['OAUTH21-7.1.4-1 a token for another API is refused', claims({ aud: 'https://other.test' }), 'audience'],
  ['MCP-TOKEN-1 a token that fails a check is refused', claims({ exp: 1, iat: undefined }), 'expired'],
  [
    'MCP-TOKEN-2 a token that was not issued for this server is refused',
    claims({ aud: 'https://other.test' }),
    'audience',
  ],
  [
    'MCP-TOKEN-4 a token for other resources is refused',
    claims({ aud: ['https://one.test', 'https://two.test'] }),
    'audience',
  ],
  ['MCP-SEC-AUD-1 a token without this server in its audience is refused', claims({ aud: [] }), 'audience'],
  ['RFC8037-3.1-1 EdDSA of Ed25519 is accepted', alg('EdDSA'), 'accepted'],
  [
    'RFC8037-3.1-1 a signature of another length is refused',
    async (range) => `${await range.issuer.sign({}, { alg: 'EdDSA' })}AA`,
    'signature',
  ],
  [
    'RFC9864-2.2-1 Ed25519 is accepted as a name',
    (range) =>
      signed(
        range.header({ alg: 'Ed25519' }, 'EdDSA'),
        range.claims(),
        range.issuer.privateKey('EdDSA'),
        'EdDSA',
      ),
    'accepted',
  ],
  [
    'RFC9864-2.2-1 Ed448 under a key of Ed25519 is refused',
    (range) =>
      signed(
        range.header({ alg: 'Ed448' }, 'EdDSA'),
        range.claims(),
        range.issuer.privateKey('EdDSA'),
        'EdDSA',
      ),
    'algorithm',
    options({ algorithms: ['Ed448', 'EdDSA'] }),
  ],
  [
    'RFC9864-4.1.2-1 EdDSA is refused where only Ed25519 is accepted',
    alg('EdDSA'),
    'algorithm',
    options({ algorithms: ['Ed25519'] }),
  ],
  [
    'RFC9864-7-1 a key is used with its one algorithm alone',
    (range) =>
      signed(range.header({ alg: 'RS512' }, 'RS256'), range.claims(), range.issuer.privateKey('RS256')),
    'algorithm',
  ],
  [
    'RFC9864-7-2 a key for EdDSA admits Ed25519, the same algorithm',
    (range) =>
      signed(
        range.header({ alg: 'Ed25519' }, 'EdDSA'),
        range.claims(),
        range.issuer.privateKey('EdDSA'),
        'EdDSA',
      ),
    'accepted',
  ],
  [
    'RFC8414-4-1 issuers are compared code point by code point',
    claims({ iss: 'https://ISSUER.test/' }),
    'issuer',
  ],
]

tryTokens('requirements on tokens', cases, algorithms)

describe('requirements on what becomes of a token', () => {
  it('RFC6749-3.3-1 scopes are a set of exact names without order', async () => {
    const { issuer } = await createRange()
    const { scopes } = await createResourceServer(issuer.options).verify(
      await issuer.sign({ scope: 'b A a b' }),
    )
    expect([...scopes].sort()).toEqual(['A', 'a', 'b'])
  })

  it('RFC9068-2.2.3-1 scope is parted by spaces', async () => {
    const { issuer } = await createRange()
    const { scopes } = await createResourceServer(issuer.options).verify(
      await issuer.sign({ scope: 'read write' }),
    )
    expect([...scopes]).toEqual(['read', 'write'])
  })

  it('RFC9068-2.2.3.1-1 roles are read in the shape of SCIM, groups and entitlements where they are named', async () => {
    const { issuer } = await createRange()
    const token = await issuer.sign({
      roles: ['a', { value: 'b' }],
      groups: [{ value: 'c' }],
      entitlements: ['d'],
    })
    const plain = createResourceServer(issuer.options)
    const named = createResourceServer({ ...issuer.options, roles: ['roles', 'groups', 'entitlements'] })
    expect([...(await plain.verify(token)).roles]).toEqual(['a', 'b'])
    expect([...(await named.verify(token)).roles]).toEqual(['a', 'b', 'c', 'd'])
  })

  it.each(['RFC9068-5-2', 'RFC9700-4.15-1'])('%s the subject and the client are told apart', async () => {
    const { issuer } = await createRange()
    const auth = await createResourceServer(issuer.options).verify(await issuer.sign({ sub: 'client-1' }))
    expect([auth.subject, auth.clientId]).toEqual(['client-1', 'client-1'])
    const user = await createResourceServer(issuer.options).verify(await issuer.sign({ sub: 'user-1' }))
    expect([user.subject, user.clientId]).toEqual(['user-1', 'client-1'])
  })

  it('RFC8725-3.8-2 subject and issuer are handed on as a pair, and may be refused', async () => {
    const { issuer } = await createRange()
    const schema = {
      '~standard': {
        version: 1 as const,
        vendor: 'test',
        validate: (value: unknown) =>
          (value as { sub: string }).sub.startsWith('user-')
            ? { value }
            : { issues: [{ message: 'no such user' }] },
      },
    }
    const api = createResourceServer({ ...issuer.options, schema })
    expect(await api.verify(await issuer.sign())).toMatchObject({ issuer: issuerName, subject: 'user-1' })
    await expect(api.verify(await issuer.sign({ sub: 'root' }))).rejects.toMatchObject({ reason: 'schema' })
  })

  it('RFC8725-3.8-1 a key verifies for its own issuer alone, also under one kid', async () => {
    const one = await createTestIssuer({ issuer: 'https://one.test/', audience })
    const two = await createTestIssuer({ issuer: 'https://two.test/', audience })
    const issuers = [one, two].map(({ issuer, jwks }) => ({
      issuer,
      jwks: { keys: jwks.keys.map((key) => ({ ...key, kid: 'k' })) },
    }))
    const api = createResourceServer({ audience, issuers })
    await expect(api.verify(await two.sign({ iss: one.issuer }, { kid: 'k' }))).rejects.toMatchObject({
      reason: 'signature',
    })
    expect((await api.verify(await two.sign({}, { kid: 'k' }))).issuer).toBe(two.issuer)
  })

  it('RFC8725bis-3.1-5 algorithms are accepted issuer by issuer', async () => {
    const both: readonly TestAlgorithm[] = ['ES256', 'EdDSA']
    const one = await createTestIssuer({ issuer: 'https://one.test/', audience, algorithms: both })
    const two = await createTestIssuer({ issuer: 'https://two.test/', audience, algorithms: both })
    const api = createResourceServer({
      audience,
      issuers: [
        { issuer: one.issuer, jwks: one.jwks, algorithms: ['ES256'] },
        { issuer: two.issuer, jwks: two.jwks, algorithms: ['EdDSA'] },
      ],
    })
    expect((await api.verify(await one.sign({}, { alg: 'ES256' }))).header?.alg).toBe('ES256')
    expect((await api.verify(await two.sign({}, { alg: 'EdDSA' }))).header?.alg).toBe('EdDSA')
    await expect(api.verify(await one.sign({}, { alg: 'EdDSA' }))).rejects.toMatchObject({
      reason: 'algorithm',
    })
    await expect(api.verify(await two.sign({}, { alg: 'ES256' }))).rejects.toMatchObject({
      reason: 'algorithm',
    })
  })

  it.each(['RFC6749-10.3-1', 'RFC6750-5.3-3', 'RFC9700-4.9.3-1', 'MCP-SEC-STORE-1', 'MCP-TOKEN-5'])(
    '%s a token shows in nothing that is printed, serialised or copied',
    async () => {
      const { issuer } = await createRange()
      const api = createResourceServer(issuer.options)
      const token = await issuer.sign()
      const auth = await api.verify(token)
      const bad = await issuer.sign({ aud: 'other' })
      const error: unknown = await api.verify(bad).catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(InvalidTokenError)
      const { headers, body } = api.refuse(error)
      const printed = [
        JSON.stringify(auth),
        JSON.stringify({ ...auth }),
        String(error),
        JSON.stringify(error),
        (error as Error).stack,
        body,
        JSON.stringify(headers),
        JSON.stringify(api.health()),
      ].join('\n')
      for (const part of [...parts(token), ...parts(bad)]) expect(printed).not.toContain(part)
    },
  )

  it.each(['RFC9700-4.10.2-1', 'RFC9700-4.13-1'])(
    '%s neither Host nor a forwarded header says who we are',
    async () => {
      const { issuer } = await createRange()
      const api = createResourceServer(issuer.options)
      const headers = { host: 'other.test', 'x-forwarded-host': 'other.test', forwarded: 'host=other.test' }
      const foreign = await issuer.sign({ aud: 'https://other.test' })
      await expect(
        api.authenticate({ headers: { ...headers, authorization: `Bearer ${foreign}` } }),
      ).rejects.toMatchObject({ reason: 'audience' })
      const error: unknown = await api.authenticate({ headers }).catch((reason: unknown) => reason)
      expect(api.refuse(error).headers['WWW-Authenticate']).toBe(`Bearer realm="${audience}"`)
    },
  )

  it('RFC8725-3.6-1 a compressed payload is refused, and never inflated', async () => {
    const { issuer, header: head, claims: all } = await createRange()
    const token = await issuer.signRaw(
      JSON.stringify(head({ zip: 'DEF' })),
      deflateRawSync(JSON.stringify(all())),
    )
    await expect(createResourceServer(issuer.options).verify(token)).rejects.toMatchObject({
      reason: 'malformed',
    })
  })
})
