import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { createResourceServer, type Jwk } from 'oauth-resource-server'
import { beforeAll, describe, expect, it } from 'vitest'
import { sequence, tagged } from './certificate.ts'
import { bytesOf, cubeRoot, digestInfo, numberOf, padded, pssBlock, rawRsa } from './rsa.ts'
import {
  b64,
  createRange,
  expected,
  jwkOf,
  parts,
  type Range,
  signature,
  signed,
  type TokenCase,
  tryTokens,
} from '../support/range.ts'

type Alg = 'RS256' | 'PS256' | 'ES256' | 'ES384' | 'ES512' | 'EdDSA'
const algorithms: readonly Alg[] = ['RS256', 'PS256', 'ES256', 'ES384', 'ES512', 'EdDSA']

const inputOf = (range: Range, alg: Alg): string =>
  `${b64(JSON.stringify(range.header({}, alg)))}.${b64(JSON.stringify(range.claims()))}`

/** A token with a signature made by hand from what is to be signed. */
const withSignature = (alg: Alg, make: (input: string, range: Range) => Uint8Array) => (range: Range) => {
  const input = inputOf(range, alg)
  return `${input}.${b64(make(input, range))}`
}
/** A good token with its signature changed. */
const changed = (alg: Alg, change: (bytes: Buffer) => Uint8Array) => (range: Range) =>
  withSignature(alg, (input) => change(signature(alg, range.issuer.privateKey(alg), input)))(range)

const rsa = (block: (input: string, key: KeyObject) => Buffer) =>
  withSignature('RS256', (input, range) => {
    const key = range.issuer.privateKey('RS256')
    return rawRsa(key, block(input, key))
  })
const pss = (options: Parameters<typeof pssBlock>[2]) =>
  withSignature('PS256', (input, range) => {
    const key = range.issuer.privateKey('PS256')
    return rawRsa(key, pssBlock(input, key, options))
  })

const ff = (length: number): Buffer => Buffer.alloc(length, 0xff)
const hex = (text: string): Buffer => Buffer.from(text, 'hex')
const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Blocks that a verifier which reads instead of comparing may take for a good one. */
const blocks: Readonly<Record<string, (input: string, key: KeyObject) => Buffer>> = {
  'no parameters': (input) => padded(digestInfo(input, { parameters: Buffer.alloc(0) }), 256),
  'parameters that are not NULL': (input) => padded(digestInfo(input, { parameters: hex('0400') }), 256),
  'garbage in the parameters': (input) =>
    padded(digestInfo(input, { parameters: tagged(0x04, Buffer.alloc(60, 7)) }), 256),
  'NULL in two bytes of length': (input) => padded(digestInfo(input, { parameters: hex('058100') }), 256),
  'the name of SHA-1 over SHA-256': (input) => padded(digestInfo(input, { oid: 'sha1' }), 256),
  'the name of SHA-512 over SHA-256': (input) => padded(digestInfo(input, { oid: 'sha512' }), 256),
  'the name of SHA-256 over SHA-1': (input) =>
    padded(digestInfo(input, { hash: 'sha1', oid: 'sha256' }), 256),
  'SHA-1 throughout': (input) => padded(digestInfo(input, { hash: 'sha1' }), 256),
  'SHA-384 throughout': (input) => padded(digestInfo(input, { hash: 'sha384' }), 256),
  'SHA-512 throughout': (input) => padded(digestInfo(input, { hash: 'sha512' }), 256),
  'the bare hash': (input) => padded(sha256(input), 256),
  'the hash in an octet string alone': (input) => padded(tagged(0x04, sha256(input)), 256),
  'the hash cut short': (input) =>
    padded(
      sequence(
        sequence(hex('0609608648016503040201'), hex('0500')),
        tagged(0x04, sha256(input).subarray(0, 31)),
      ),
      256,
    ),
  'an empty hash': () =>
    padded(
      sequence(sequence(hex('0609608648016503040201'), hex('0500')), tagged(0x04, Buffer.alloc(0))),
      256,
    ),
  'a byte behind the hash, within the sequence': (input) =>
    padded(
      sequence(
        sequence(hex('0609608648016503040201'), hex('0500')),
        tagged(0x04, sha256(input)),
        Buffer.of(0),
      ),
      256,
    ),
  'a byte behind the sequence': (input) => padded(Buffer.concat([digestInfo(input), Buffer.of(0)]), 256),
  'a length in more bytes than needed': (input) =>
    padded(Buffer.concat([hex('308131'), digestInfo(input).subarray(2)]), 256),
  'an indefinite length': (input) =>
    padded(Buffer.concat([hex('3080'), digestInfo(input).subarray(2), hex('0000')]), 256),
  'a length too great by one': (input) =>
    padded(Buffer.concat([hex('3032'), digestInfo(input).subarray(2)]), 256),
  'little padding, and garbage behind the hash': (input) =>
    Buffer.concat([hex('0001'), ff(8), hex('00'), digestInfo(input), Buffer.alloc(256 - 11 - 51, 7)]),
  'no padding, and garbage behind the hash': (input) =>
    Buffer.concat([hex('000100'), digestInfo(input), Buffer.alloc(256 - 3 - 51, 7)]),
  'zeros behind the hash': (input) =>
    Buffer.concat([hex('0001'), ff(100), hex('00'), digestInfo(input), Buffer.alloc(256 - 103 - 51)]),
  'one byte of the padding changed': (input) => {
    const block = padded(digestInfo(input), 256)
    block[9] = 0xfe
    return block
  },
  'zeros for padding': (input) =>
    Buffer.concat([hex('0001'), Buffer.alloc(256 - 3 - 51), hex('00'), digestInfo(input)]),
  'the padding of encryption': (input) => {
    const block = padded(digestInfo(input), 256)
    block[1] = 2
    return block
  },
  'block type zero': (input) => {
    const block = padded(digestInfo(input), 256)
    block[1] = 0
    return block
  },
  'a first byte that is not zero': (input) => {
    const block = padded(digestInfo(input), 256)
    block[0] = 1
    return block
  },
  'no zero between padding and hash': (input) =>
    Buffer.concat([hex('0001'), ff(256 - 2 - 51), digestInfo(input)]),
  'two zeros between padding and hash': (input) =>
    Buffer.concat([hex('0001'), ff(256 - 4 - 51), hex('0000'), digestInfo(input)]),
  'the hash of another message': (input) => padded(digestInfo(`${input}x`), 256),
  'the hash of the payload': (input) => padded(digestInfo(input.split('.')[1] ?? ''), 256),
  'the hash of the hash': (input) =>
    padded(
      sequence(
        sequence(hex('0609608648016503040201'), hex('0500')),
        tagged(0x04, createHash('sha256').update(sha256(input)).digest()),
      ),
      256,
    ),
  'the block of PSS': (input, key) => pssBlock(input, key),
}

const orders = {
  ES256: [
    64,
    BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551'),
    'ffffffff00000001000000000000000000000000ffffffffffffffffffffffff',
  ],
  ES384: [
    96,
    BigInt(
      '0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973',
    ),
    'fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff',
  ],
  ES512: [
    132,
    BigInt(
      '0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409',
    ),
    `01${'ff'.repeat(65)}`,
  ],
} as const

/** Every pair out of the numbers at which implementations of ECDSA went wrong. */
function grid(alg: 'ES256' | 'ES384' | 'ES512'): TokenCase[] {
  const [length, n, field] = orders[alg]
  const half = length / 2
  const p = BigInt(`0x${field}`)
  const values: Readonly<Record<string, bigint>> = {
    0: 0n,
    1: 1n,
    2: 2n,
    'n-1': n - 1n,
    n,
    'n+1': n + 1n,
    '2n': (2n * n) % (1n << BigInt(half * 8)),
    p,
    'p-n': p - n,
    'p-1': p - 1n,
    'all ones': (1n << BigInt(half * 8)) - 1n,
  }
  // All pairs for the common curve; for the slow ones those that did harm elsewhere.
  const crossed = alg === 'ES256' ? values : { 0: 0n, 1: 1n, 'n-1': n - 1n, n }
  const pair = (r: bigint, s: bigint): Buffer => Buffer.concat([bytesOf(r, half), bytesOf(s, half)])
  const split = (bytes: Buffer): [bigint, bigint] => [
    numberOf(bytes.subarray(0, half)),
    numberOf(bytes.subarray(half)),
  ]
  return [
    ...Object.entries(crossed).flatMap(([rName, r]) =>
      Object.entries(crossed).map(([sName, s]): TokenCase => [
        `SIG-9 ${alg} with r = ${rName}, s = ${sName}`,
        withSignature(alg, () => pair(r, s)),
        'signature',
      ]),
    ),
    ...Object.entries(values).flatMap(([name, value]): TokenCase[] => [
      [
        `SIG-9 ${alg} with the right r and s = ${name}`,
        changed(alg, (bytes) => pair(split(bytes)[0], value)),
        'signature',
      ],
      [
        `SIG-9 ${alg} with r = ${name} and the right s`,
        changed(alg, (bytes) => pair(value, split(bytes)[1])),
        'signature',
      ],
    ]),
    [
      `SIG-10 ${alg} with r + n, where it fits`,
      changed(alg, (bytes) => {
        const [r, s] = split(bytes)
        return pair((r + n) % (1n << BigInt(half * 8)), s)
      }),
      'signature',
    ],
    [
      `SIG-10 ${alg} with s + n, where it fits`,
      changed(alg, (bytes) => {
        const [r, s] = split(bytes)
        return pair(r, (s + n) % (1n << BigInt(half * 8)))
      }),
      'signature',
    ],
    [
      `SIG-10 ${alg} with -r`,
      changed(alg, (bytes) => {
        const [r, s] = split(bytes)
        return pair(n - r, s)
      }),
      'signature',
    ],
    [
      `SIG-10 ${alg} with r and s exchanged`,
      changed(alg, (bytes) => {
        const [r, s] = split(bytes)
        return pair(s, r)
      }),
      'signature',
    ],
    [
      `SIG-11 ${alg} as DER`,
      withSignature(alg, (input, range) =>
        sign(`sha${alg.slice(2)}`, Buffer.from(input), {
          key: range.issuer.privateKey(alg),
          dsaEncoding: 'der',
        }),
      ),
      'signature',
    ],
    [
      `SIG-12 ${alg} with a zero before either half`,
      changed(alg, (bytes) =>
        Buffer.concat([Buffer.of(0), bytes.subarray(0, half), Buffer.of(0), bytes.subarray(half)]),
      ),
      'signature',
    ],
    [
      `SIG-12 ${alg} two bytes too short`,
      changed(alg, (bytes) => Buffer.concat([bytes.subarray(1, half), bytes.subarray(half + 1)])),
      'signature',
    ],
    [`SIG-12 ${alg} twice`, changed(alg, (bytes) => Buffer.concat([bytes, bytes])), 'signature'],
    [
      `SIG-12 ${alg} with a zero behind it`,
      changed(alg, (bytes) => Buffer.concat([bytes, Buffer.of(0)])),
      'signature',
    ],
    [`SIG-12 ${alg} in hex`, changed(alg, (bytes) => Buffer.from(bytes.toString('hex'))), 'signature'],
    // Node verifies it, and so must anyone who follows RFC 7518; what matters is that it is no other identity.
    [
      `SIG-13 ${alg} with n - s, the twin of a good signature, is accepted`,
      changed(alg, (bytes) => {
        const [r, s] = split(bytes)
        return pair(r, n - s)
      }),
      'accepted',
    ],
  ]
}

const L = 2n ** 252n + 27742317777372353535851937790883648493n
const littleEndian = (value: bigint): Buffer => bytesOf(value, 32).reverse()
const edS = (bytes: Buffer): bigint => numberOf(Buffer.from(bytes.subarray(32)).reverse())
const withS = (change: (s: bigint) => bigint) =>
  changed('EdDSA', (bytes) => Buffer.concat([bytes.subarray(0, 32), littleEndian(change(edS(bytes)))]))

const lowPoints = [
  '00',
  '01',
  'ec' + 'ff'.repeat(30) + '7f',
  'ed' + 'ff'.repeat(30) + '7f',
  'ee' + 'ff'.repeat(30) + '7f',
  '01' + '00'.repeat(30) + '80',
].map((text) => Buffer.from(text.padEnd(64, '0'), 'hex'))

const secret = 'fifty characters of a secret shared with no other'
const hmac = (change: (bytes: Buffer) => Uint8Array) => (range: Range) => {
  const input = `${b64('{"alg":"HS256","typ":"at+jwt"}')}.${b64(JSON.stringify(range.claims()))}`
  return `${input}.${b64(change(signature('HS256', secret, input)))}`
}
const shared = { options: { secret } }

const cases: readonly TokenCase[] = [
  ...algorithms.flatMap((alg): TokenCase[] => [
    [
      `SIG class: a good ${alg} token, made the same way as the bad ones, is accepted`,
      changed(alg, (bytes) => bytes),
      'accepted',
    ],
    [`SIG-4 ${alg} with a signature of one byte`, changed(alg, () => Buffer.of(0)), 'signature'],
    [
      `SIG-4 ${alg} with half a signature`,
      changed(alg, (bytes) => bytes.subarray(0, bytes.length / 2)),
      'signature',
    ],
    [`SIG-4 ${alg} without the last byte`, changed(alg, (bytes) => bytes.subarray(0, -1)), 'signature'],
    [`SIG-4 ${alg} without the first byte`, changed(alg, (bytes) => bytes.subarray(1)), 'signature'],
    [
      `SIG-4 ${alg} with a byte more`,
      changed(alg, (bytes) => Buffer.concat([bytes, Buffer.of(0)])),
      'signature',
    ],
    [
      `SIG-4 ${alg} with a zero in front`,
      changed(alg, (bytes) => Buffer.concat([Buffer.of(0), bytes])),
      'signature',
    ],
    [`SIG-4 ${alg} with zeros alone`, changed(alg, (bytes) => Buffer.alloc(bytes.length)), 'signature'],
    [`SIG-4 ${alg} with ones alone`, changed(alg, (bytes) => ff(bytes.length)), 'signature'],
    [`SIG-4 ${alg} backwards`, changed(alg, (bytes) => Buffer.from(bytes).reverse()), 'signature'],
    [
      `SIG-2 ${alg} with the signature of another token`,
      async (range) => {
        const [header, payload] = parts(await range.issuer.sign({}, { alg }))
        return `${header}.${payload}.${parts(await range.issuer.sign({}, { alg }))[2]}`
      },
      'signature',
    ],
    [
      `SIG-3 ${alg} with the payload of another token`,
      async (range) => {
        const [header, , mac] = parts(await range.issuer.sign({}, { alg }))
        return `${header}.${parts(await range.issuer.sign({ sub: 'admin' }, { alg }))[1]}.${mac}`
      },
      'signature',
    ],
    [
      `SIG-3 ${alg} with the header of another token`,
      async (range) => {
        const [, payload, mac] = parts(await range.issuer.sign({}, { alg }))
        return `${parts(await range.issuer.sign({}, { alg, x: 1 }))[0]}.${payload}.${mac}`
      },
      'signature',
    ],
    ...(
      [
        'the payload',
        'header, payload and a dot',
        'the decoded payload',
        'nothing',
        'a dot and the payload',
        'header and payload without the dot',
      ] as const
    ).map((what): TokenCase => [
      `SIG-16 ${alg} over ${what}`,
      withSignature(alg, (input, range) => signature(alg, range.issuer.privateKey(alg), part(input, what))),
      'signature',
    ]),
  ]),
  ...[1, 8, 16, 31].map((length): TokenCase => [
    `SIG-5 HS256 cut to ${length} bytes`,
    hmac((bytes) => bytes.subarray(0, length)),
    'signature',
    shared,
  ]),
  [
    'SIG-5 HS256 with zeros behind it',
    hmac((bytes) => Buffer.concat([bytes, Buffer.alloc(32)])),
    'signature',
    shared,
  ],
  ['SIG-5 HS256 of zeros', hmac(() => Buffer.alloc(32)), 'signature', shared],
  ['SIG-5 HS256 as hex text', hmac((bytes) => Buffer.from(bytes.toString('hex'))), 'signature', shared],
  ['SIG-5 HS256, whole, is accepted', hmac((bytes) => bytes), 'accepted', shared],
  [
    'SIG-7 the block that the bad ones differ from is accepted',
    rsa((input) => padded(digestInfo(input), 256)),
    'accepted',
  ],
  ...Object.entries(blocks).map(([name, block]): TokenCase => [
    `SIG-7 PKCS#1 v1.5 with ${name}`,
    rsa(block),
    'signature',
  ]),
  ['SIG-7 a signature greater than the modulus', changed('RS256', () => ff(256)), 'signature'],
  [
    'SIG-7 a signature and the modulus added',
    (range) =>
      changed('RS256', (bytes) => {
        const n = numberOf(Buffer.from(jwkOf(range.issuer, 'RS256')['n'] as string, 'base64url'))
        return bytesOf((numberOf(bytes) + n) % (1n << 2048n), 256)
      })(range),
    'signature',
  ],
  [
    'SIG-7 a signature negated',
    (range) =>
      changed('RS256', (bytes) => {
        const n = numberOf(Buffer.from(jwkOf(range.issuer, 'RS256')['n'] as string, 'base64url'))
        return bytesOf(n - numberOf(bytes), 256)
      })(range),
    'signature',
  ],
  ['SIG-7 the number 1', changed('RS256', () => bytesOf(1n, 256)), 'signature'],
  ['SIG-8 the block that the bad ones differ from is accepted', pss({}), 'accepted'],
  ...[0, 1, 20, 31, 33, 48, 64, 222].map((saltLength): TokenCase => [
    `SIG-8 PSS with a salt of ${saltLength} bytes`,
    pss({ saltLength }),
    'signature',
  ]),
  ['SIG-8 PSS with the trailer of ISO 9796', pss({ trailer: 0xcc }), 'signature'],
  ['SIG-8 PSS with a trailer of zero', pss({ trailer: 0 }), 'signature'],
  ...(['sha1', 'sha384', 'sha512'] as const).map((mgfHash): TokenCase => [
    `SIG-8 PSS with ${mgfHash} in its mask`,
    pss({ mgfHash }),
    'signature',
  ]),
  ['SIG-8 PSS of SHA-384 under the name PS256', pss({ hash: 'sha384', saltLength: 48 }), 'signature'],
  ['SIG-8 PSS of SHA-1 under the name PS256', pss({ hash: 'sha1', saltLength: 20 }), 'signature'],
  ['SIG-8 PSS with its top bit set', pss({ topBit: true }), 'signature'],
  ['SIG-8 PSS with padding that is not zero', pss({ padding: 1 }), 'signature'],
  ['SIG-8 PSS without a one before the salt', pss({ separator: 2 }), 'signature'],
  [
    'SIG-8 the block of PKCS#1 v1.5 under the name PS256',
    withSignature('PS256', (input, range) =>
      rawRsa(range.issuer.privateKey('PS256'), padded(digestInfo(input), 256)),
    ),
    'signature',
  ],
  ...grid('ES256'),
  ...grid('ES384'),
  ...grid('ES512'),
  ['SIG-14 Ed25519 with s + L', withS((s) => s + L), 'signature'],
  ['SIG-14 Ed25519 with s + 2L', withS((s) => s + 2n * L), 'signature'],
  ['SIG-14 Ed25519 with s = 0', withS(() => 0n), 'signature'],
  ['SIG-14 Ed25519 with s = L', withS(() => L), 'signature'],
  ['SIG-14 Ed25519 with -s', withS((s) => L - s), 'signature'],
  ['SIG-14 Ed25519 with the top bits of s set', withS((s) => s | (7n << 253n)), 'signature'],
  [
    'SIG-14 Ed25519 with the sign of R turned',
    changed('EdDSA', (bytes) => {
      const turned = Buffer.from(bytes)
      turned[31] = (turned[31] as number) ^ 0x80
      return turned
    }),
    'signature',
  ],
  ...lowPoints.map((point): TokenCase => [
    `SIG-14 Ed25519 with R = ${point.toString('hex')}, of small order, and s = 0`,
    withSignature('EdDSA', () => Buffer.concat([point, Buffer.alloc(32)])),
    'signature',
  ]),
]

function part(input: string, what: string): string {
  const [header = '', payload = ''] = input.split('.')
  switch (what) {
    case 'the payload':
      return payload
    case 'header, payload and a dot':
      return `${input}.`
    case 'the decoded payload':
      return Buffer.from(payload, 'base64url').toString()
    case 'a dot and the payload':
      return `.${payload}`
    case 'header and payload without the dot':
      return header + payload
    default:
      return ''
  }
}

tryTokens('signatures', cases, algorithms)

describe('signatures, bit by bit', () => {
  let range: Range
  beforeAll(async () => {
    range = await createRange(algorithms)
  })

  it.each(algorithms)('SIG-1 refuses %s with one bit changed in any byte of the signature', async (alg) => {
    const api = createResourceServer(range.issuer.options)
    const input = inputOf(range, alg)
    const good = signature(alg, range.issuer.privateKey(alg), input)
    const outcomes = [...good.keys()].map(async (at) => {
      const bad = Buffer.from(good)
      bad[at] = (bad[at] as number) ^ (1 << (at % 8))
      return await api.verify(`${input}.${b64(bad)}`).then(
        () => 'accepted',
        (error: unknown) => (error as { reason: string }).reason,
      )
    })
    expect(new Set(await Promise.all(outcomes))).toEqual(new Set(['signature']))
    expect((await api.verify(`${input}.${b64(good)}`)).subject).toBe('user-1')
  })

  it.each(['ES256', 'ES384', 'ES512'] as const)(
    'SIG-13 tells the same of the twin of an %s signature as of the first',
    async (alg) => {
      const api = createResourceServer(range.issuer.options)
      const first = await range.issuer.sign({}, { alg })
      const [header, payload, mac] = parts(first)
      const [length, n] = orders[alg]
      const bytes = Buffer.from(mac, 'base64url')
      const s = numberOf(bytes.subarray(length / 2))
      const twin = `${header}.${payload}.${b64(Buffer.concat([bytes.subarray(0, length / 2), bytesOf(n - s, length / 2)]))}`
      expect(twin).not.toBe(first)
      const [one, other] = [await api.verify(first), await api.verify(twin)]
      // What revocation and replay are keyed on: never the spelling of the token.
      expect(other).toEqual(one)
      expect(other.claims.jti).toBe(one.claims.jti)
    },
  )
})

describe('keys that make every signature right', () => {
  const e3 = generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 })
  const jwk = { ...(e3.publicKey.export({ format: 'jwk' }) as Jwk), kid: 'e3', alg: 'RS256' }

  it('SIG-7 refuses a cube root under e = 3, and accepts that key otherwise', async () => {
    const range = await createRange()
    const header = range.header({ alg: 'RS256', kid: 'e3' })
    const good = signed(header, range.claims(), e3.privateKey)
    expect(await range.judge(good, {}, [jwk])).toEqual(expected('accepted'))
    const input = good.slice(0, good.lastIndexOf('.'))
    for (const padding of [0, 1, 8]) {
      const front = Buffer.concat([hex('0001'), ff(padding), hex('00'), digestInfo(input)])
      const block = Buffer.concat([front, Buffer.alloc(256 - front.length)])
      const root = cubeRoot(numberOf(block))
      expect(bytesOf(root ** 3n, 256).subarray(0, front.length)).toEqual(front)
      expect(await range.judge(`${input}.${b64(bytesOf(root, 256))}`, {}, [jwk])).toEqual(
        expected('signature'),
      )
    }
  })
})
