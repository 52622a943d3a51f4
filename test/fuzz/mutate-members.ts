import type { Choices } from './choices.ts'
import { audience, issuer, now } from './world.ts'

/** Values that mean something somewhere, or nothing anywhere. */
const anything: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  1e300,
  '',
  ' ',
  'x',
  [],
  {},
  [null],
  [''],
  [[]],
  { value: 'x' },
  '\u0000',
  '\ud800',
  'é',
  'x'.repeat(300),
  'x'.repeat(9000),
  nested(31),
  nested(32),
]

const times: readonly unknown[] = [
  ...[
    -3600, -301, -300, -299, -61, -60, -59, -6, -5, -4, -1, 0, 1, 4, 5, 6, 60, 299, 300, 301, 3600, 1e9,
  ].map((seconds) => now + seconds),
  now + 0.5,
  now - 0.5,
  now * 1000,
  8.64e12,
  8.64e12 + 1,
  Number.MAX_SAFE_INTEGER + 1,
  String(now + 60),
]

const valuesOf: Readonly<Record<string, readonly unknown[]>> = {
  alg: [
    'none',
    'None',
    'HS256',
    'RS256',
    'rs256',
    'PS256',
    'PS384',
    'ES256',
    'ES256K',
    'ES384',
    'EdDSA',
    'Ed25519',
  ],
  kid: [
    'es256',
    'eddsa',
    'rsa',
    'es384',
    'ps384',
    'es512',
    'ES256',
    'rsa ',
    'nobody',
    '__proto__',
    'constructor',
  ],
  typ: [
    'JWT',
    'jwt',
    'at+jwt',
    'AT+JWT',
    'application/at+jwt',
    'APPLICATION/AT+JWT',
    'application/jwt',
    'dpop+jwt',
  ],
  cty: ['JWT', 'json', 'application/jwt'],
  crit: [['exp'], ['b64'], [], 'exp'],
  b64: [true, false],
  enc: ['A128GCM'],
  zip: ['DEF'],
  jku: ['https://issuer.test/jwks'],
  iss: [issuer.slice(0, -1), issuer.toUpperCase(), `${issuer}/`, [issuer], 'https://issuer.test/\u0000'],
  aud: [
    [audience],
    [audience, 'https://other.test'],
    ['https://other.test'],
    [audience, 1],
    [audience, null],
    `${audience}/`,
    audience.toUpperCase(),
    { [audience]: true },
  ],
  exp: times,
  nbf: times,
  iat: times,
  scope: [['read', 'write'], 'read\twrite', ' read  write ', ['read', 1], {}],
  scp: ['read', ['read'], [1]],
  roles: ['admin', ['admin'], [{ value: 'admin' }], [{ value: 1 }], 1],
  cnf: [{ jkt: 'x' }, {}, null],
  token_use: ['access', 'id', null],
  nonce: ['n'],
  at_hash: ['h'],
  events: [{}],
  auth_time: [now - 10, 'now'],
  amr: [['pwd'], 'pwd', [1]],
}

const names = {
  header: [
    'alg',
    'kid',
    'typ',
    'cty',
    'crit',
    'b64',
    'enc',
    'zip',
    'jku',
    'jwk',
    'x5u',
    'x5c',
    '__proto__',
    'Alg',
  ],
  claims: [
    ...['iss', 'aud', 'exp', 'nbf', 'iat', 'sub', 'client_id', 'azp', 'cid', 'appid', 'jti', 'scope', 'scp'],
    ...['roles', 'role', 'cnf', 'token_use', 'typ', 'nonce', 'at_hash', 'c_hash', 's_hash', 'events', 'vp'],
    ...[
      'token_introspection',
      'auth_time',
      'amr',
      'acr',
      'sid',
      'Exp',
      'exp ',
      '__proto__',
      'constructor',
      'x',
    ],
  ],
} as const

/** Sets, removes or renames members of a header or of claims. */
export function mutateMembers(
  members: Record<string, unknown>,
  of: keyof typeof names,
  choices: Choices,
  tell: (what: string) => void,
): void {
  for (let count = 1 + choices.int(2); count > 0; count--) {
    const name = choices.pick<string>(names[of])
    const at = `${of}.${name}`
    if (choices.oneIn(6)) {
      tell(`${at} removed`)
      Reflect.deleteProperty(members, name)
      continue
    }
    const own = name === 'typ' && of === 'claims' ? ['ID', 'Refresh', 'Offline', 'Bearer'] : valuesOf[name]
    const value = own === undefined || choices.oneIn(3) ? choices.pick(anything) : choices.pick(own)
    tell(`${at} set`)
    // Defined and not assigned, for the sake of `__proto__`.
    Object.defineProperty(members, name, { value, enumerable: true, configurable: true, writable: true })
  }
}

function nested(depth: number): unknown {
  return depth === 0 ? 1 : [nested(depth - 1)]
}
