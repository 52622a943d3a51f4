import { createHash, createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { calculateJwkThumbprint, type JWK } from 'jose'
import type { Jwk } from 'oauth-resource-server'
import { signSelf } from './certificate.ts'
import {
  b64,
  jwkOf,
  kidOf,
  parts,
  type Range,
  shown,
  signature,
  signed,
  type TokenCase,
  tryTokens,
  without,
} from '../support/range.ts'

const unsigned = (range: Range, header: object): string =>
  `${b64(JSON.stringify(header))}.${b64(JSON.stringify(range.claims()))}`

/** A good token whose header names something else as `alg`, signed once more with the key of its `kid`. */
const named = (alg: unknown) => (range: Range) => {
  const input = unsigned(range, range.header({ alg }, 'RS256'))
  return `${input}.${b64(signature('RS256', range.issuer.privateKey('RS256'), input))}`
}

const rsa = (range: Range): Jwk => jwkOf(range.issuer, 'RS256')
const publicKey = (range: Range): ReturnType<typeof createPublicKey> =>
  createPublicKey({ key: { ...rsa(range) }, format: 'jwk' })
const pem = (range: Range, type: 'spki' | 'pkcs1' = 'spki'): string =>
  publicKey(range).export({ type, format: 'pem' }) as string
const der = (range: Range, type: 'spki' | 'pkcs1'): Buffer => publicKey(range).export({ type, format: 'der' })

/** Everything public that a careless verifier might take for the secret of an HMAC. */
const confusions: Readonly<Record<string, (range: Range) => Buffer | string | Promise<Buffer | string>>> = {
  'ALG-8 the SPKI PEM': (range) => pem(range),
  'ALG-8 the SPKI PEM without its last line break': (range) => pem(range).trimEnd(),
  'ALG-8 the SPKI PEM with CRLF': (range) => pem(range).replaceAll('\n', '\r\n'),
  'ALG-8 the SPKI PEM on one line': (range) => pem(range).replaceAll('\n', ''),
  'ALG-8 the body of the SPKI PEM': (range) => pem(range).replaceAll(/-----.*-----|\n/g, ''),
  'ALG-9 the PKCS#1 PEM': (range) => pem(range, 'pkcs1'),
  'ALG-9 the PKCS#1 PEM without its last line break': (range) => pem(range, 'pkcs1').trimEnd(),
  'ALG-10 the SPKI DER': (range) => der(range, 'spki'),
  'ALG-10 the PKCS#1 DER': (range) => der(range, 'pkcs1'),
  'ALG-10 the bytes of the modulus': (range) => Buffer.from(rsa(range)['n'] as string, 'base64url'),
  'ALG-10 the text of the modulus': (range) => rsa(range)['n'] as string,
  'ALG-10 the DER in base64': (range) => der(range, 'spki').toString('base64'),
  'ALG-10 the DER in hex': (range) => der(range, 'spki').toString('hex'),
  'ALG-11 the JWK as JSON': (range) => JSON.stringify(rsa(range)),
  'ALG-11 the JWK as indented JSON': (range) => JSON.stringify(rsa(range), null, 2),
  'ALG-11 the JWK Set as JSON': (range) => JSON.stringify(range.issuer.jwks),
  'ALG-11 the list of JWKs as JSON': (range) => JSON.stringify(range.issuer.jwks.keys),
  'ALG-11 the thumbprint': async (range) => await calculateJwkThumbprint(rsa(range)),
  'ALG-11 the bytes of the thumbprint': async (range) =>
    Buffer.from(await calculateJwkThumbprint(rsa(range) as JWK), 'base64url'),
  'ALG-11 the key id': (range) => kidOf(range.issuer, 'RS256'),
  'ALG-12 the certificate as PEM': (range) =>
    new X509Certificate(signSelf(range.issuer.privateKey('RS256'))).toString(),
  'ALG-12 the certificate as DER': (range) => signSelf(range.issuer.privateKey('RS256')),
  'ALG-12 the certificate as x5c has it': (range) =>
    signSelf(range.issuer.privateKey('RS256')).toString('base64'),
  'ALG-14 the empty secret': () => '',
  'ALG-15 the text null': () => 'null',
  'ALG-15 the text undefined': () => 'undefined',
  'ALG-15 the text [object Object]': () => '[object Object]',
  'ALG-15 the text [object KeyObject]': () => '[object KeyObject]',
  'ALG-15 32 zero bytes': () => Buffer.alloc(32),
  'ALG-15 the name of the issuer': (range) => range.issuer.issuer,
  'ALG-15 the audience': (range) => String(range.issuer.audience),
}

const ec384 = generateKeyPairSync('ec', { namedCurve: 'P-384' })
const ec256k = generateKeyPairSync('ec', { namedCurve: 'secp256k1' })
const ed448 = generateKeyPairSync('ed448')
const ed25519 = generateKeyPairSync('ed25519')
const published = (key: { publicKey: typeof ec384.publicKey }, members: object = {}): Jwk => ({
  ...(key.publicKey.export({ format: 'jwk' }) as Jwk),
  kid: 'k',
  ...members,
})
const secret = 'a secret that is long enough for every one of the hashes we know, HS512 too'

/** Both keys of the set under one set of members. */
const withAlg = (range: Range, alg: string | undefined): Jwk[] => {
  const key = without(rsa(range), 'alg')
  return [alg === undefined ? key : { ...key, alg }]
}

const cases: readonly TokenCase[] = [
  ['ALG class: the token most others differ from is accepted', named('RS256'), 'accepted'],

  ['ALG-1 none, without a signature', (range) => `${unsigned(range, { alg: 'none' })}.`, 'malformed'],
  ['ALG-1 none, without a signature and its dot', (range) => unsigned(range, { alg: 'none' }), 'malformed'],
  [
    'ALG-2 none with some signature',
    (range) => `${unsigned(range, range.header({ alg: 'none' }))}.AAAA`,
    'algorithm',
  ],
  ['ALG-2 none with a signature that is right for RS256', named('none'), 'algorithm'],
  [
    'ALG-2 none with the signature of the good token',
    async (range) =>
      `${unsigned(range, range.header({ alg: 'none' }))}.${parts(await range.issuer.sign())[2]}`,
    'algorithm',
  ],
  ...['None', 'NONE', 'nOnE', 'noNE', 'none ', 'nоne', 'ｎone'].map((alg): TokenCase => [
    `ALG-3 ${JSON.stringify(alg)}, a way of writing none`,
    named(alg),
    'algorithm',
  ]),
  ...[undefined, '', null, 7, true, ['RS256'], { name: 'RS256' }, [], 0, false].map((alg): TokenCase => [
    `ALG-5 ${shown(alg)} as alg`,
    named(alg),
    'algorithm',
  ]),
  ...['rs256', 'Rs256', 'rS256', 'RＳ256'].map((alg): TokenCase => [
    `ALG-6 ${alg}, RS256 in other letters`,
    named(alg),
    'algorithm',
  ]),
  ...[
    'RS256 ',
    ' RS256',
    'RS256\0',
    'RS256,HS256',
    'RS256\n',
    'RS2560',
    'RS25',
    'RS256;',
    'SHA256withRSA',
  ].map((alg): TokenCase => [`ALG-7 ${JSON.stringify(alg)}, nearly RS256`, named(alg), 'algorithm']),
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf'].map((alg): TokenCase => [
    `ALG class: ${alg}, a name every object inherits`,
    (range) => {
      // Written as text: a literal __proto__ member would set the prototype instead.
      const header = `{"alg":${JSON.stringify(alg)},"kid":"${kidOf(range.issuer, 'RS256')}","typ":"at+jwt"}`
      return range.issuer.signRaw(header, JSON.stringify(range.claims()), 'RS256')
    },
    'algorithm',
  ]),
  ...Object.entries(confusions).flatMap(([title, material]): TokenCase[] =>
    ['HS256', 'HS512'].map((alg) => [
      `${title}, taken for the secret of ${alg}`,
      async (range) => signed(range.header({ alg }, 'RS256'), range.claims(), await material(range), alg),
      'algorithm',
    ]),
  ),
  [
    'ALG-8 the SPKI PEM as secret, where the key says no alg and the token no kid',
    (range) => signed({ alg: 'HS256', typ: 'at+jwt' }, range.claims(), pem(range)),
    'algorithm',
    (range) => ({ keys: withAlg(range, undefined) }),
  ],
  [
    'ALG-16 HS256 with an oct key of the set',
    (range) => signed(range.header({ alg: 'HS256', kid: 'shared' }), range.claims(), secret),
    'algorithm',
    (range) => ({
      keys: [...range.issuer.jwks.keys, { kty: 'oct', kid: 'shared', alg: 'HS256', k: b64(secret) }],
    }),
  ],
  [
    'ALG-16 RS256 in name, HMAC in truth, with an oct key of the set',
    (range) => signed(range.header({ alg: 'RS256', kid: 'shared' }), range.claims(), secret, 'HS256'),
    'unknown_key',
    (range) => ({
      keys: [...range.issuer.jwks.keys, { kty: 'oct', kid: 'shared', alg: 'RS256', k: b64(secret) }],
      calls: 1,
    }),
  ],
  ...['HS256', 'HS384', 'HS512'].map((alg): TokenCase => [
    `ALG-17 ${alg} where a secret is for HS256 alone`,
    (range) => signed({ alg, typ: 'at+jwt' }, range.claims(), secret),
    alg === 'HS256' ? 'accepted' : 'algorithm',
    { options: { secret, algorithms: ['HS256'] } },
  ]),
  [
    'ALG-17 RS256 where there is a secret',
    (range) => range.issuer.sign({}, { alg: 'RS256' }),
    'algorithm',
    { options: { secret } },
  ],
  [
    'ALG-18 RS256 under a key for PS256',
    (range) => signed(range.header({}, 'RS256'), range.claims(), range.issuer.privateKey('RS256')),
    'algorithm',
    (range) => ({ keys: withAlg(range, 'PS256') }),
  ],
  [
    'ALG-18 PS256 under a key for RS256',
    (range) =>
      signed(range.header({ alg: 'PS256' }, 'RS256'), range.claims(), range.issuer.privateKey('RS256')),
    'algorithm',
  ],
  [
    'ALG-18 the padding of PS256 under the name RS256',
    (range) => signed(range.header({}, 'RS256'), range.claims(), range.issuer.privateKey('RS256'), 'PS256'),
    'signature',
  ],
  ...['RS384', 'RS512'].map((alg): TokenCase => [
    `ALG-19 ${alg} under a key for RS256`,
    (range) => signed(range.header({ alg }, 'RS256'), range.claims(), range.issuer.privateKey('RS256')),
    'algorithm',
  ]),
  [
    'ALG-19 RS512 under a key that names no algorithm is accepted',
    (range) =>
      signed(range.header({ alg: 'RS512' }, 'RS256'), range.claims(), range.issuer.privateKey('RS256')),
    'accepted',
    (range) => ({ keys: withAlg(range, undefined) }),
  ],
  [
    'ALG-20 an allowed name over a signature of the algorithm that is not allowed',
    (range) =>
      signed(
        range.header({ alg: 'ES256' }, 'RS256'),
        range.claims(),
        range.issuer.privateKey('RS256'),
        'RS256',
      ),
    'unknown_key',
    { options: { algorithms: ['ES256'] }, calls: 1 },
  ],
  [
    'ALG-20 PS256, allowed, under a key for RS256, not allowed, with its signature',
    (range) =>
      signed(
        range.header({ alg: 'PS256' }, 'RS256'),
        range.claims(),
        range.issuer.privateKey('RS256'),
        'RS256',
      ),
    'unknown_key',
    { options: { algorithms: ['PS256', 'ES256'] }, calls: 1 },
  ],
  [
    'ALG-21 RS384, which is not on the list, under a key without alg',
    (range) =>
      signed(range.header({ alg: 'RS384' }, 'RS256'), range.claims(), range.issuer.privateKey('RS256')),
    'algorithm',
    (range) => ({ keys: withAlg(range, undefined), options: { algorithms: ['RS256'] } }),
  ],
  [
    'ALG-23 RS256 under a DSA key',
    (range) => range.issuer.sign({}, { alg: 'RS256', kid: 'dsa' }),
    'unknown_key',
    (range) => ({
      keys: [...range.issuer.jwks.keys, { kty: 'DSA', kid: 'dsa', p: 'AQ', q: 'AQ', g: 'AQ', y: 'AQ' }],
      calls: 1,
    }),
  ],
  [
    'ALG-24 ES256 under a key of P-384',
    (range) => signed(range.header({ alg: 'ES256', kid: 'k' }), range.claims(), ec384.privateKey),
    'algorithm',
    { keys: [published(ec384)] },
  ],
  [
    'ALG-24 ES256 under a key of P-384 that says it is for ES256',
    (range) => signed(range.header({ alg: 'ES256', kid: 'k' }), range.claims(), ec384.privateKey),
    'unknown_key',
    (range) => ({ keys: [rsa(range), published(ec384, { alg: 'ES256' })], calls: 1 }),
  ],
  ...['ES384', 'ES512'].map((alg): TokenCase => [
    `ALG-24 ${alg} under a key of P-256`,
    (range) => signed(range.header({ alg }, 'ES256'), range.claims(), range.issuer.privateKey('ES256')),
    'algorithm',
    (range) => ({ keys: [without(jwkOf(range.issuer, 'ES256'), 'alg')] }),
  ]),
  [
    'ALG-24 ES256K',
    (range) => signed(range.header({ alg: 'ES256K', kid: 'k' }), range.claims(), ec256k.privateKey, 'ES256'),
    'algorithm',
    (range) => ({ keys: [rsa(range), published(ec256k)] }),
  ],
  [
    'ALG-24 ES256 under a key of secp256k1',
    (range) => signed(range.header({ alg: 'ES256', kid: 'k' }), range.claims(), ec256k.privateKey),
    'unknown_key',
    (range) => ({ keys: [rsa(range), published(ec256k, { alg: 'ES256' })], calls: 1 }),
  ],
  ...(['EdDSA', 'Ed448'] as const).map((alg): TokenCase => [
    `ALG-25 ${alg} under a key of Ed448, unless asked for`,
    (range) => signed(range.header({ alg, kid: 'k' }), range.claims(), ed448.privateKey, 'EdDSA'),
    alg === 'EdDSA' ? 'unknown_key' : 'algorithm',
    (range) => ({ keys: [rsa(range), published(ed448)], calls: alg === 'EdDSA' ? 1 : 0 }),
  ]),
  [
    'ALG-25 Ed448 under a key of Ed448 is accepted where it is asked for',
    (range) => signed(range.header({ alg: 'Ed448', kid: 'k' }), range.claims(), ed448.privateKey, 'EdDSA'),
    'accepted',
    { keys: [published(ed448)], options: { algorithms: ['Ed448'] } },
  ],
  [
    'ALG-25 EdDSA under a key of Ed448, also where Ed448 is asked for: the name stands for Ed25519',
    (range) => signed(range.header({ alg: 'EdDSA', kid: 'k' }), range.claims(), ed448.privateKey),
    'algorithm',
    { keys: [published(ed448)], options: { algorithms: ['EdDSA', 'Ed448'] } },
  ],
  ...(['EdDSA', 'Ed25519'] as const).flatMap((alg) =>
    (['EdDSA', 'Ed25519', undefined] as const).map((onKey): TokenCase => [
      `ALG-25 ${alg} under a key of Ed25519 that says ${onKey ?? 'nothing'} is accepted`,
      (range) => signed(range.header({ alg, kid: 'k' }), range.claims(), ed25519.privateKey, 'EdDSA'),
      'accepted',
      { keys: [published(ed25519, onKey === undefined ? {} : { alg: onKey })] },
    ]),
  ),
  [
    'ALG-25 EdDSA where only Ed25519 is on the list',
    (range) => signed(range.header({ alg: 'EdDSA', kid: 'k' }), range.claims(), ed25519.privateKey),
    'algorithm',
    { keys: [published(ed25519)], options: { algorithms: ['Ed25519'] } },
  ],
  ...['RSA-OAEP', 'RSA-OAEP-256', 'RSA1_5', 'A256KW', 'dir', 'ECDH-ES', 'PBES2-HS256+A128KW'].map(
    (alg): TokenCase => [`ALG-26 ${alg}, a name of encryption`, named(alg), 'algorithm'],
  ),
  ...['ML-DSA-44', 'ML-DSA-65', 'ML-DSA-87', 'SLH-DSA-SHA2-128s', 'HSS-LMS'].map((alg): TokenCase => [
    `ALG-27 ${alg}, unless asked for`,
    named(alg),
    'algorithm',
  ]),
  [
    'ALG-27 an ML-DSA key among good ones does no harm',
    named('RS256'),
    'accepted',
    (range) => ({
      keys: [{ kty: 'AKP', alg: 'ML-DSA-44', kid: 'pq', pub: 'AA' }, ...range.issuer.jwks.keys],
    }),
  ],
  [
    'ALG-28 enc in a token of three parts',
    (range) => range.issuer.sign({}, { alg: 'RS256', enc: 'A256GCM' }),
    'malformed',
  ],
  ...['RS1', 'HS1', 'RS224', 'ES224', 'MD5', 'RSA-SHA1', 'PS1'].map((alg): TokenCase => [
    `ALG-29 ${alg}, a weak hash`,
    named(alg),
    'algorithm',
  ]),
  [
    'ALG-29 a signature with SHA-1 under the name RS256',
    (range) => {
      const input = unsigned(range, range.header({}, 'RS256'))
      const hash = createHash('sha1').update(input).digest()
      return `${input}.${b64(signature('RS256', range.issuer.privateKey('RS256'), hash))}`
    },
    'signature',
  ],
]

tryTokens('the algorithm of a token', cases, ['RS256', 'ES256'])
