import { parts, type Range, type TokenCase, tryTokens } from '../support/range.ts'
import { deflateRawSync } from 'node:zlib'

const typed = (typ: unknown) => (range: Range) => range.issuer.sign({}, { typ })
const withClaims =
  (claims: object, header: Record<string, unknown> = { typ: 'JWT' }) =>
  (range: Range) =>
    range.issuer.sign({ ...claims }, header)
const strict = { options: { profile: 'rfc9068' } }

const cases: readonly TokenCase[] = [
  [
    'TYP-1 an ID token, for the client',
    withClaims({ aud: 'client-1', nonce: 'n', auth_time: 1 }),
    'type',
    strict,
  ],
  [
    'TYP-1 an ID token, for the client, where typ JWT is accepted',
    withClaims({ aud: 'client-1', nonce: 'n' }),
    'type',
  ],
  ['TYP-1 an ID token without nonce, for the client', withClaims({ aud: 'client-1' }), 'audience'],
  ['TYP-1 an ID token without nonce and with our name in aud', withClaims({ at_hash: 'x' }), 'type'],
  ...['nonce', 'at_hash', 'c_hash', 's_hash'].flatMap((name): TokenCase[] => [
    [`TYP-1 class: ${name}, which only ID tokens have`, withClaims({ [name]: 'x' }), 'type'],
    [`TYP-1 class: ${name}, null`, withClaims({ [name]: null }), 'type'],
    [`TYP-1 class: ${name} under typ at+jwt`, withClaims({ [name]: 'x' }, {}), 'type'],
  ]),
  ...['at+jwt', 'application/at+jwt', 'AT+JWT', 'at+JWT', 'APPLICATION/AT+JWT'].flatMap(
    (typ): TokenCase[] => [
      [`TYP-2 ${typ} is accepted`, typed(typ), 'accepted'],
      [`TYP-2 ${typ} is accepted under RFC 9068`, typed(typ), 'accepted', strict],
    ],
  ),
  ['TYP-3 no typ under RFC 9068', typed(undefined), 'type', strict],
  ['TYP-3 no typ is accepted otherwise', typed(undefined), 'accepted'],
  ['TYP-3 typ JWT under RFC 9068', typed('JWT'), 'type', strict],
  ...['JWT', 'jwt', 'application/jwt', 'Application/JWT'].map((typ): TokenCase => [
    `TYP-3 ${typ} is accepted otherwise`,
    typed(typ),
    'accepted',
  ]),
  [
    'TYP-5 a client assertion, for the token endpoint',
    withClaims({ iss: 'https://issuer.test/', sub: 'client-1', aud: 'https://issuer.test/token' }),
    'audience',
  ],
  ['TYP-5 a refresh token that says so in the payload', withClaims({ typ: 'Refresh' }), 'type'],
  ['TYP-5 an offline token that says so in the payload', withClaims({ typ: 'Offline' }), 'type'],
  ['TYP-5 an ID token that says so in the payload', withClaims({ typ: 'ID' }), 'type'],
  [
    'TYP-5 an access token that says so in the payload is accepted',
    withClaims({ typ: 'Bearer' }),
    'accepted',
  ],
  ['TYP-5 an ID token that says so in token_use', withClaims({ token_use: 'id' }), 'type'],
  ['TYP-5 a refresh token that says so in token_use', withClaims({ token_use: 'refresh' }), 'type'],
  ['TYP-5 token_use of a wrong type', withClaims({ token_use: ['access'] }), 'type'],
  ['TYP-5 token_use null', withClaims({ token_use: null }), 'type'],
  [
    'TYP-5 an access token that says so in token_use is accepted',
    withClaims({ token_use: 'access' }),
    'accepted',
  ],
  ...[7, null, true, ['at+jwt'], { toString: 'at+jwt' }, false, 0].map((typ): TokenCase => [
    `TYP-6 ${JSON.stringify(typ)} as typ`,
    typed(typ),
    'type',
  ]),
  ...[
    'at+jwt; x=1',
    'at+jwt\0',
    'xat+jwt',
    'at+jwtx',
    ' at+jwt',
    'at+jwt ',
    'at +jwt',
    'application/',
    'application/application/at+jwt',
    'text/at+jwt',
    '/at+jwt',
    'application//at+jwt',
    'at jwt',
    'at%2Bjwt',
    'at+jwt,JWT',
    '',
    // Letters that some case foldings take for K or S, and a dotless i.
    'applıcation/at+jwt',
    'ａt+jwt',
    '__proto__',
    'toString',
  ].map((typ): TokenCase => [`TYP-7 ${JSON.stringify(typ)}, nearly a type`, typed(typ), 'type']),
  [
    'TYP-8 a logout token',
    withClaims({ events: { 'http://schemas.openid.net/event/backchannel-logout': {} } }),
    'type',
  ],
  ['TYP-8 a logout token by its typ', typed('logout+jwt'), 'type'],
  ['TYP-9 a signed introspection response', withClaims({ token_introspection: { active: true } }), 'type'],
  ['TYP-9 a signed introspection response by its typ', typed('token-introspection+jwt'), 'type'],
  ['TYP-10 a verifiable presentation', withClaims({ vp: { type: 'VerifiablePresentation' } }), 'type'],
  ...[
    'dpop+jwt',
    'secevent+jwt',
    'statuslist+jwt',
    'oauth-authz-req+jwt',
    'openid4vci-proof+jwt',
    'client-authentication+jwt',
    'jwt-bearer',
    'kb+jwt',
    'vc+sd-jwt',
    'rt+jwt',
    'id+jwt',
    'JWS',
    'JOSE',
    'JOSE+JSON',
    'entity-statement+jwt',
    'oauth-id-jag+jwt',
  ].flatMap((typ): TokenCase[] => [
    [`TYP class: ${typ}, a token of another kind`, typed(typ), 'type'],
    [`TYP class: application/${typ}, likewise`, typed(`application/${typ}`), 'type'],
  ]),
  ['TYP-11 cty JWT without encryption', (range) => range.issuer.sign({}, { cty: 'JWT' }), 'malformed'],
  [
    'TYP-11 cty in other letters and with its prefix',
    (range) => range.issuer.sign({}, { cty: 'Application/jwt' }),
    'malformed',
  ],
  ['TYP-11 cty of a wrong type', (range) => range.issuer.sign({}, { cty: 1 }), 'malformed'],
  [
    'TYP-11 a good token as the payload of another',
    async (range) =>
      range.issuer.signRaw(JSON.stringify(range.header({ cty: 'JWT' })), await range.issuer.sign()),
    'malformed',
  ],
  ...['NONE', 'DEF', '', null, 7, {}].map((zip): TokenCase => [
    `E2 zip ${JSON.stringify(zip)} is ignored as any unknown parameter of a JWS is`,
    (range) => range.issuer.sign({}, { zip }),
    'accepted',
  ]),
  [
    'TYP-12 zip beside a compressed payload',
    (range) =>
      range.issuer.signRaw(
        JSON.stringify(range.header({ zip: 'DEF' })),
        deflateRawSync(JSON.stringify(range.claims())),
      ),
    'malformed',
  ],
  [
    'TYP-12 a compressed payload that nothing tells of',
    (range) =>
      range.issuer.signRaw(JSON.stringify(range.header()), deflateRawSync(JSON.stringify(range.claims()))),
    'malformed',
  ],
  [
    'TYP class: the header of an access token over the payload of an ID token',
    async (range) => {
      const [header] = parts(await range.issuer.sign())
      const [, payload, signature] = parts(await range.issuer.sign({ nonce: 'n' }, { typ: 'JWT' }))
      return `${header}.${payload}.${signature}`
    },
    'type',
  ],
]

tryTokens('the kind of a token', cases)
