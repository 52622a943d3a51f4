import { b64, jwkOf, parts, type Range, signature, type TokenCase, tryTokens } from '../support/range.ts'

const withHeader = (change: object) => (range: Range) => range.issuer.sign({}, { ...change })

/** A token whose payload stands there as it is, signed as RFC 7797 §3 says. */
const unencoded = (payload: (range: Range) => string, crit: boolean) => (range: Range) => {
  const header = b64(JSON.stringify(range.header({ b64: false, ...(crit ? { crit: ['b64'] } : {}) })))
  const input = `${header}.${payload(range)}`
  return `${input}.${b64(signature('ES256', range.issuer.privateKey(), input))}`
}

const cases: readonly TokenCase[] = [
  [
    'CRIT class: an unknown parameter that nobody calls critical is ignored',
    withHeader({ 'x-unknown': 1 }),
    'accepted',
  ],
  ['CRIT-1 an unknown extension, present', withHeader({ crit: ['x-unknown'], 'x-unknown': 1 }), 'malformed'],
  [
    'CRIT-1 an unknown extension after a known one',
    withHeader({ crit: ['exp', 'x'], exp: 1, x: 1 }),
    'malformed',
  ],
  ['CRIT-2 an extension that is absent', withHeader({ crit: ['x-unknown'] }), 'malformed'],
  ['CRIT-3 an empty list', withHeader({ crit: [] }), 'malformed'],
  ...['exp', '', {}, { 0: 'exp', length: 1 }, 1, 0, null, true, false].map((crit): TokenCase => [
    `CRIT-4 ${JSON.stringify(crit)} in place of a list`,
    withHeader({ crit, exp: 1 }),
    'malformed',
  ]),
  ...[[1], [null], [''], [['exp']], [{}], ['exp', 1]].map((crit): TokenCase => [
    `CRIT-5 ${JSON.stringify(crit)} as list`,
    withHeader({ crit, exp: 1 }),
    'malformed',
  ]),
  ['CRIT-6 an extension twice', withHeader({ crit: ['x', 'x'], x: 1 }), 'malformed'],
  ...['alg', 'kid', 'typ', 'cty', 'crit', 'jwk', 'jku', 'exp', 'iss', 'aud'].map((name): TokenCase => [
    `CRIT-7 ${name}, a registered name`,
    withHeader({ crit: [name] }),
    'malformed',
  ]),
  [
    'CRIT-9 b64 false, said to be critical, over bare JSON',
    unencoded((range) => JSON.stringify(range.claims()), true),
    'malformed',
  ],
  [
    'CRIT-9 b64 false, said to be critical, over base64url',
    unencoded((range) => b64(JSON.stringify(range.claims())), true),
    'malformed',
  ],
  [
    'CRIT-10 b64 false, not said to be critical, over base64url',
    unencoded((range) => b64(JSON.stringify(range.claims())), false),
    'malformed',
  ],
  [
    'CRIT-10 b64 false, not said to be critical, over bare JSON',
    unencoded((range) => JSON.stringify(range.claims()), false),
    'malformed',
  ],
  ...['false', 0, null, true, 1, [], {}].map((value): TokenCase => [
    `CRIT-11 ${JSON.stringify(value)} as b64`,
    withHeader({ b64: value }),
    'malformed',
  ]),
  [
    'CRIT-12 b64 false over a payload beyond the limit',
    unencoded(() => 'x'.repeat(1_000_000), true),
    'too_large',
  ],
  [
    'CRIT-12 a detached payload',
    async (range) => {
      const [header, , mac] = parts(await range.issuer.sign({}, { b64: false, crit: ['b64'] }))
      return `${header}..${mac}`
    },
    'malformed',
  ],
  ...['cnf', 'http://openbanking.org.uk/iat', 'ppt', 'sigT', 'act', 'scope'].map((name): TokenCase => [
    `CRIT-13 ${name}, an extension that means something elsewhere`,
    withHeader({ crit: [name], [name]: 1 }),
    'malformed',
  ]),
  [
    'CRIT class: crit in the claims is a claim like others',
    (range) => range.issuer.sign({ crit: ['x'] }),
    'accepted',
  ],
  ['CRIT class: Crit in other letters is a parameter like others', withHeader({ Crit: ['x'] }), 'accepted'],
  [
    'CRIT class: crit under a signature of a key that is not known is refused before any fetch',
    withHeader({ crit: ['x'], kid: 'unknown' }),
    'malformed',
    (range) => ({ keys: [jwkOf(range.issuer)] }),
  ],
]

tryTokens('critical extensions', cases)
