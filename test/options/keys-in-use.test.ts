import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import { createResourceServer } from 'oauth-resource-server'
import { describe, expect, it } from 'vitest'
import { signSelf } from '../attacks/certificate.ts'
import { countingFetch, signed } from '../support/range.ts'

const issuer = 'https://issuer.test/'
const audience = 'https://api.test'
const jwksUri = 'https://issuer.test/keys'
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' })
const p521 = generateKeyPairSync('ec', { namedCurve: 'P-521' })
const ed25519 = generateKeyPairSync('ed25519')
const jwkOf = (key: KeyObject, members: object = {}): Record<string, unknown> => ({
  ...key.export({ format: 'jwk' }),
  ...members,
})
const bytesOf = (member: unknown): Buffer => Buffer.from(member as string, 'base64url')

const create = (options: object): ReturnType<typeof createResourceServer> =>
  createResourceServer({ issuer, audience, ...options })
const claims = (): object => {
  const now = Math.floor(Date.now() / 1000)
  return { iss: issuer, aud: audience, sub: 'user-1', iat: now, exp: now + 300 }
}
const tokenOf = (alg: string, key: KeyObject | Buffer, kid?: string): string =>
  signed({ alg, kid, typ: 'at+jwt' }, claims(), key)
const outcome = async (api: ReturnType<typeof create>, token: string): Promise<string> =>
  await api.verify(token).then(
    () => 'accepted',
    (error: unknown) => String((error as { reason?: unknown }).reason ?? error),
  )
const secret = randomBytes(64)

const ssh = (name: string, ...parts: readonly Buffer[]): Buffer =>
  Buffer.concat(
    [Buffer.from(name), ...parts].flatMap((part) => {
      const length = Buffer.alloc(4)
      length.writeUInt32BE(part.length)
      return [length, part]
    }),
  )
const lines = (text: string, width: number): string =>
  text.replaceAll(new RegExp(`.{1,${width}}`, 'g'), '$&\n')

const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' }) as string
const der = rsa.publicKey.export({ type: 'spki', format: 'der' })
const pkcs1 = rsa.publicKey.export({ type: 'pkcs1', format: 'der' })
const certificate = signSelf(rsa.privateKey)
const rsaJwk = jwkOf(rsa.publicKey)
const wire = ssh('ssh-rsa', bytesOf(rsaJwk['e']), Buffer.concat([Buffer.of(0), bytesOf(rsaJwk['n'])]))
const edWire = ssh('ssh-ed25519', bytesOf(jwkOf(ed25519.publicKey)['x']))
/** The point of an EC key (SEC 1 §2.3.3), not compressed. */
const pointOf = ({ publicKey }: { publicKey: KeyObject }): Buffer => {
  const { x, y } = jwkOf(publicKey)
  return Buffer.concat([Buffer.of(4), bytesOf(x), bytesOf(y)])
}
const ecPoint = pointOf(p256)
const ecWire = ssh('ecdsa-sha2-nistp256', Buffer.from('nistp256'), ecPoint)
const skWire = ssh('sk-ssh-ed25519@openssh.com', bytesOf(jwkOf(ed25519.publicKey)['x']), Buffer.from('ssh:'))
const base64 = (bytes: Buffer): string => bytes.toString('base64')

/** Public keys as they are handed around; each tells by its form what it is. */
const published: Readonly<Record<string, string | Buffer>> = {
  'D4 PEM': pem,
  'D4 PEM as bytes': Buffer.from(pem),
  'D4 PEM in two bytes per character': Buffer.from(pem, 'utf16le'),
  'D4 PEM in one line, line ends as text': pem.replaceAll('\n', '\\n'),
  'D4 PEM behind a comment': `# the key\n${pem}`,
  'D4 PEM as part of a URL': encodeURIComponent(pem),
  'D4 PEM of PKCS#1': rsa.publicKey.export({ type: 'pkcs1', format: 'pem' }),
  'D4 PEM of a certificate': `-----BEGIN CERTIFICATE-----\n${lines(base64(certificate), 64)}-----END CERTIFICATE-----\n`,
  'D4 PEM of a private key': p256.privateKey.export({ type: 'pkcs8', format: 'pem' }),
  'D4 the inside of PEM': lines(base64(der), 64),
  'G3 base64 of PEM': base64(Buffer.from(pem)),
  'G3 base64 of base64 of PEM': base64(Buffer.from(base64(Buffer.from(pem)))),
  'G3 hex of PEM': Buffer.from(pem).toString('hex'),
  'D4 DER of SPKI': der,
  'D4 DER of PKCS#1': pkcs1,
  'D4 DER of a certificate': certificate,
  'D4 DER of a private key': p256.privateKey.export({ type: 'pkcs8', format: 'der' }),
  'D4 DER of SEC 1': p256.privateKey.export({ type: 'sec1', format: 'der' }),
  'D4 DER of SPKI of P-256': p256.publicKey.export({ type: 'spki', format: 'der' }),
  'D4 DER of SPKI of Ed25519': ed25519.publicKey.export({ type: 'spki', format: 'der' }),
  'D4 DER of SPKI of secp256k1': generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey.export({
    type: 'spki',
    format: 'der',
  }),
  'D4 DER with a line end behind it': Buffer.concat([der, Buffer.from('\n')]),
  'G3 base64 of SPKI': base64(der),
  'G3 base64 of SPKI without padding': base64(der).replaceAll('=', ''),
  'G3 base64url of SPKI': der.toString('base64url'),
  'G3 base64 of SPKI in quotes': `"${base64(der)}"`,
  'G3 base64 of SPKI of Ed25519': base64(ed25519.publicKey.export({ type: 'spki', format: 'der' })),
  'G3 base64 of PKCS#1': base64(pkcs1),
  'G3 base64 of a certificate, as x5c has it': base64(certificate),
  'G3 hex of SPKI': der.toString('hex'),
  'G3 hex of SPKI in capitals with colons': der
    .toString('hex')
    .toUpperCase()
    .replaceAll(/..(?!$)/g, '$&:'),
  'G3 hex of SPKI behind 0x': `0x${der.toString('hex')}`,
  'G3 a key of DKIM': `v=DKIM1; k=rsa; p=${base64(der)}`,
  'D4 JWK': JSON.stringify(rsaJwk),
  'D4 JWK behind spaces': `\n  ${JSON.stringify(rsaJwk, undefined, 2)}`,
  'D4 JWK Set': JSON.stringify({ keys: [rsaJwk] }),
  'G3 base64url of JWK': Buffer.from(JSON.stringify(rsaJwk)).toString('base64url'),
  'G3 XML of a key': `<RSAKeyValue><Modulus>${base64(bytesOf(rsaJwk['n']))}</Modulus><Exponent>AQAB</Exponent></RSAKeyValue>`,
  'D4 OpenSSH': `ssh-rsa ${base64(wire)} user@host`,
  'D4 OpenSSH of Ed25519': `ssh-ed25519 ${base64(edWire)}`,
  'D4 OpenSSH of P-256': `ecdsa-sha2-nistp256 ${base64(ecWire)}`,
  'G3 OpenSSH of a security key': `sk-ssh-ed25519@openssh.com ${base64(skWire)}`,
  'G3 authorized_keys with options': `command="/bin/true",no-pty ssh-rsa ${base64(wire)} user@host`,
  'G3 authorized_keys with options, Ed25519': `restrict,from="10.0.0.0/8" ssh-ed25519 ${base64(edWire)} a b`,
  'G3 known_hosts': `example.com,192.0.2.1 ssh-rsa ${base64(wire)}`,
  'G3 RFC 4716': `---- BEGIN SSH2 PUBLIC KEY ----\nComment: "a key"\n${lines(base64(wire), 70)}---- END SSH2 PUBLIC KEY ----\n`,
  'G3 RFC 4716 without its first line': `Comment: a key\n${lines(base64(wire), 70)}`,
  'G3 the wire format of SSH': wire,
  'G3 base64 of the wire format of SSH': base64(wire),
  'G3 the wire format of SSH, Ed25519': edWire,
  'G3 the modulus in bytes': bytesOf(rsaJwk['n']),
  'G3 the modulus behind a zero': Buffer.concat([Buffer.of(0), bytesOf(rsaJwk['n'])]),
  'G3 the modulus in base64url, as JWK has it': rsaJwk['n'] as string,
  'G3 the modulus in base64': base64(bytesOf(rsaJwk['n'])),
  'G3 the modulus in hex': bytesOf(rsaJwk['n']).toString('hex'),
  'G3 the modulus as openssl prints it': `Modulus=${bytesOf(rsaJwk['n']).toString('hex').toUpperCase()}`,
  'G3 the modulus as openssl prints it in a text': `Modulus:\n    00:${lines(
    bytesOf(rsaJwk['n'])
      .toString('hex')
      .replaceAll(/..(?!$)/g, '$&:'),
    45,
  )}Exponent: 65537 (0x10001)`,
  'G3 the modulus in decimal': BigInt(`0x${bytesOf(rsaJwk['n']).toString('hex')}`).toString(),
  'G3 a point of P-256': pointOf(p256),
  'G3 a point of P-256 in hex': pointOf(p256).toString('hex'),
  'G3 a point of P-384 in base64': base64(pointOf(p384)),
  'G3 a point of P-521 in base64url': pointOf(p521).toString('base64url'),
}

describe('a secret', () => {
  it.each(Object.entries(published))('%s is refused', (_title, value) => {
    expect(() => create({ secret: value })).toThrow(/^secret: is a key in PEM, JWK, DER or SSH form/)
    expect(() => create({ secret: [secret, value] })).toThrow(/^secret\[1\]: is a key in PEM/)
  })

  it.each([
    ['random bytes', secret],
    ['random text in base64', randomBytes(48).toString('base64')],
    ['random text in hex', randomBytes(64).toString('hex')],
    ['a sentence', 'the quick brown fox jumps over the lazy dog, and then some more'],
    ['digits', '8'.repeat(64)],
    ['bytes that begin like DER', Buffer.concat([Buffer.from([0x30, 0x3e, 0x02, 0x01]), randomBytes(60)])],
    ['a URL', 'https://user:password@example.com/path?query=value#fragment-and-more'],
    ['UUIDs', '7d444840-9dc0-11d1-b245-5ffdce74fad2,7d444840-9dc0-11d1-b245-5ffdce74fad3'],
    ['zeros', Buffer.alloc(64)],
    ['bytes as long as a point', Buffer.alloc(65, 1)],
    ['bytes that begin like a point', Buffer.concat([Buffer.of(4), Buffer.alloc(64, 1)])],
    ['a long even number', Buffer.alloc(256, 0xfe)],
    ['a long number with a small factor', Buffer.concat([Buffer.alloc(255, 0xff), Buffer.of(0xff)])],
    [
      'a long number with its first bit zero',
      Buffer.concat([Buffer.of(0x7f), bytesOf(rsaJwk['n']).subarray(1)]),
    ],
    [
      'a number of a length that no key has',
      Buffer.concat([bytesOf(rsaJwk['n']), bytesOf(rsaJwk['n'])]).subarray(0, 300),
    ],
  ])('D4 of %s is accepted', async (_title, value) => {
    const api = create({ secret: value })
    expect(await outcome(api, tokenOf('HS256', Buffer.from(value as string)))).toBe('accepted')
  })

  it('may be one of ten, and each of them serves', async () => {
    const secrets = Array.from({ length: 10 }, () => randomBytes(64))
    const api = create({ secret: secrets })
    for (const one of secrets) expect(await outcome(api, tokenOf('HS512', one))).toBe('accepted')
    expect(await outcome(api, tokenOf('HS512', randomBytes(64)))).toBe('signature')
    expect(api.health()).toMatchObject({
      ready: true,
      issuers: { [issuer]: { state: 'configured', keyCount: 10 } },
    })
  })

  it('serves those algorithms that every secret is long enough for', async () => {
    const [long, short] = [randomBytes(64), randomBytes(48)]
    const api = create({ secret: [long, short] })
    expect(await outcome(api, tokenOf('HS384', long))).toBe('accepted')
    expect(await outcome(api, tokenOf('HS512', long))).toBe('algorithm')
    expect(() => create({ secret: [long, short], algorithms: ['HS512'] })).toThrow(
      /^secret: HS512 needs at least 64 bytes .* this has 48/,
    )
  })

  it('is read once, and may be overwritten then', async () => {
    const value = Buffer.from(secret)
    const api = create({ secret: [value] })
    const token = tokenOf('HS256', value)
    value.fill(0)
    expect(await outcome(api, token)).toBe('accepted')
    expect(await outcome(api, tokenOf('HS256', value))).toBe('signature')
  })
})

describe('a secret together with public keys', () => {
  const algorithms = ['HS256', 'ES256'] as const
  const jwks = { keys: [jwkOf(p256.publicKey, { kid: 'k' })] }

  it('D12 serves with the keys of one issuer, and alg decides', async () => {
    for (const keys of [{ jwks }, { publicKey: jwkOf(p256.publicKey) }]) {
      const api = create({ ...keys, secret, algorithms })
      expect(await outcome(api, tokenOf('HS256', secret))).toBe('accepted')
      expect(await outcome(api, tokenOf('HS256', secret, 'k'))).toBe('accepted')
      expect(await outcome(api, tokenOf('ES256', p256.privateKey, 'k'))).toBe('accepted')
      expect(await outcome(api, tokenOf('HS512', secret))).toBe('algorithm')
      expect(await outcome(api, tokenOf('HS256', randomBytes(64)))).toBe('signature')
      expect(await outcome(api, tokenOf('ES256', ed25519Stranger(), 'k'))).toBe('signature')
    }
  })

  it('D12 counts both in health', () => {
    const health = create({ jwks, secret: [secret, randomBytes(32)], algorithms }).health()
    expect(health.issuers[issuer]).toMatchObject({ keyCount: 3, lastError: undefined })
  })

  it('D12 serves with keys that are fetched, and with discovered ones', async () => {
    const network = countingFetch({
      [jwksUri]: () => jwks,
      [`${issuer}.well-known/oauth-authorization-server`]: () => ({ issuer, jwks_uri: jwksUri }),
    })
    for (const place of [{ jwksUri }, {}]) {
      const api = create({ ...place, secret, algorithms, fetch: network.fetch })
      expect(await outcome(api, tokenOf('HS256', secret))).toBe('accepted')
      expect(await outcome(api, tokenOf('HS256', secret))).toBe('accepted')
      expect(await outcome(api, tokenOf('ES256', p256.privateKey, 'k'))).toBe('accepted')
    }
  })

  it('D4 waits for the public keys, and is 503 while they are not available', async () => {
    const api = create({ jwksUri, secret, algorithms, fetch: countingFetch({}).fetch })
    expect(await outcome(api, tokenOf('HS256', secret))).toBe('unavailable')
  })

  it.each([
    ['without algorithms', { jwks, secret }, /^secret and jwks: list the algorithms of both/],
    [
      'without algorithms, publicKey',
      { publicKey: pem, secret },
      /^secret and publicKey: list the algorithms/,
    ],
    [
      'with those of the secret alone',
      { jwks, secret, algorithms: ['HS256'] },
      /^algorithms: lists no algorithm for the keys of jwks/,
    ],
    [
      'with those of the keys alone',
      { jwks, secret, algorithms: ['ES256'] },
      /^algorithms: a secret is for HS256/,
    ],
    ['for an algorithm without a secret', { jwks, algorithms }, /^algorithms: HS256 needs the option secret/],
    [
      'for a secret alone with a name that is no URL',
      { issuer: 'x', secret, algorithms },
      /^issuer: must be an https URL/,
    ],
  ])('D12 is a TypeError %s', (_title, options, message) => {
    expect(() => create(options)).toThrow(message)
  })

  it('needs no URL and no network where it is alone', async () => {
    const { fetch, calls } = countingFetch({})
    expect(await outcome(create({ secret, fetch }), tokenOf('HS256', secret))).toBe('accepted')
    expect(calls).toEqual([])
    expect(() => create({ issuer: 'not a URL', secret })).not.toThrow()
  })
})

/** A key of the right kind that nobody knows. */
const ed25519Stranger = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey

describe('a secret that is the number of a public key', () => {
  const ecJwk = jwkOf(p256.publicKey, { kid: 'k' })
  const edJwk = jwkOf(ed25519.publicKey, { kid: 'k' })
  const n = bytesOf(rsaJwk['n'])
  const x = bytesOf(ecJwk['x'])
  const rsaPart = n.subarray(1).toString('base64url')
  const numbers: Readonly<Record<string, readonly [secret: string | Buffer, jwk: object]>> = {
    'most of the modulus': [n.subarray(1), rsaJwk],
    'most of the modulus, with its lowest byte first': [Buffer.from(n.subarray(1).toReversed()), rsaJwk],
    'most of the modulus in base64url': [n.subarray(1).toString('base64url'), rsaJwk],
    'most of the modulus in hex': [n.subarray(1).toString('hex'), rsaJwk],
    'half of the modulus': [n.subarray(0, 128), rsaJwk],
    'the x of a point': [x, ecJwk],
    'the x of a point in base64url': [ecJwk['x'] as string, ecJwk],
    'the y of a point': [ecJwk['y'] as string, ecJwk],
    'most of a point': [ecPoint.subarray(1), ecJwk],
    'most of a point in hex': [ecPoint.subarray(1).toString('hex'), ecJwk],
    'a compressed point': [Buffer.concat([Buffer.of(2), x]), ecJwk],
    'an Ed25519 key': [bytesOf(edJwk['x']), edJwk],
    'an Ed25519 key in base64': [base64(bytesOf(edJwk['x'])), edJwk],
  }

  it.each(Object.entries(numbers))('G3 %s is refused beside this key', (_title, [value, jwk]) => {
    const options = { secret: value, algorithms: ['HS256', 'RS256', 'ES256', 'EdDSA'] }
    for (const place of [{ jwks: { keys: [{ ...jwk, kid: 'k' }] } }, { publicKey: jwk }]) {
      expect(() => create({ ...options, ...place })).toThrow(/^secret: is one of the public keys/)
      expect(() => create({ ...options, ...place, secret: [secret, value] })).toThrow(/^secret: is one of/)
      expect(() => create({ ...options, ...place, secret })).not.toThrow()
    }
  })

  it('G3 of a key that is for encryption is refused too', () => {
    const keys = [
      { ...rsaJwk, kid: 'e', use: 'enc' },
      { ...ecJwk, use: 'sig' },
    ]
    expect(() => create({ jwks: { keys }, secret: rsaPart, algorithms: ['HS256', 'ES256'] })).toThrow(
      /^secret: is one of the public keys/,
    )
  })

  it.each(Object.entries(numbers))(
    'G3 %s signs nothing once this key is fetched',
    async (_title, [value, jwk]) => {
      const { fetch } = countingFetch({ [jwksUri]: () => ({ keys: [{ ...jwk, kid: 'k' }] }) })
      const options = { jwksUri, algorithms: ['HS256', 'RS256', 'ES256', 'EdDSA'], fetch }
      const api = create({ ...options, secret: value })
      expect(await outcome(api, tokenOf('HS256', Buffer.from(value as string)))).toBe('unknown_key')
      expect(api.health().issuers[issuer]).toMatchObject({
        lastError: expect.stringContaining('a secret') as string,
      })
      const other = create({ ...options, secret: [value, secret] })
      expect(await outcome(other, tokenOf('HS256', Buffer.from(value as string)))).toBe('signature')
      expect(await outcome(other, tokenOf('HS256', secret))).toBe('accepted')
    },
  )

  it('G3 is not used any more once the issuer publishes it', async () => {
    let keys: readonly object[] = [ecJwk]
    const { fetch } = countingFetch({ [jwksUri]: () => ({ keys }) })
    const api = create({ jwksUri, algorithms: ['HS256', 'ES256', 'RS256'], fetch, secret: rsaPart })
    const token = tokenOf('HS256', Buffer.from(rsaPart))
    expect(await outcome(api, token)).toBe('accepted')
    keys = [ecJwk, { ...rsaJwk, kid: 'new' }]
    expect(await outcome(api, tokenOf('RS256', rsa.privateKey, 'new'))).toBe('accepted')
    // The token was accepted before, and is remembered.
    expect(await outcome(api, token)).not.toBe('accepted')
    expect(await outcome(api, tokenOf('HS256', Buffer.from(rsaPart), 'x'))).toBe('unknown_key')
  })
})

describe('publicKey', () => {
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const kinds = { rsa, p256, p384, p521, ed25519 }
  const algs = { rsa: 'RS256', p256: 'ES256', p384: 'ES384', p521: 'ES512', ed25519: 'EdDSA' } as const
  const forms: Readonly<Record<string, (pair: { publicKey: KeyObject; privateKey: KeyObject }) => unknown>> =
    {
      PEM: ({ publicKey }) => publicKey.export({ type: 'spki', format: 'pem' }),
      'PEM with its line ends as text': ({ publicKey }) =>
        (publicKey.export({ type: 'spki', format: 'pem' }) as string).replaceAll('\n', '\\n'),
      'PEM with text around it': ({ publicKey }) =>
        `subject=x\n${publicKey.export({ type: 'spki', format: 'pem' }) as string}\n`,
      JWK: ({ publicKey }) => publicKey.export({ format: 'jwk' }),
      KeyObject: ({ publicKey }) => publicKey,
      'KeyObject made of PEM': ({ publicKey }) =>
        createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })),
    }
  const rows = Object.entries(kinds).flatMap(([kind, pair]) =>
    Object.entries(forms).map(([form, make]) => [kind, form, pair, make] as const),
  )

  it.each(rows)(
    'of %s as %s verifies tokens of any kid, without a network',
    async (kind, _form, pair, make) => {
      const { fetch, calls } = countingFetch({})
      const api = create({ publicKey: make(pair), fetch })
      const alg = algs[kind as keyof typeof algs]
      for (const kid of [undefined, 'a', 'b'])
        expect(await outcome(api, tokenOf(alg, pair.privateKey, kid))).toBe('accepted')
      expect(await outcome(api, tokenOf('RS256', stranger))).not.toBe('accepted')
      expect(calls).toEqual([])
    },
  )

  it('is taken out of a certificate', async () => {
    const text = `-----BEGIN CERTIFICATE-----\n${lines(base64(certificate), 64)}-----END CERTIFICATE-----\n`
    expect(await outcome(create({ publicKey: text }), tokenOf('RS256', rsa.privateKey, 'x'))).toBe('accepted')
  })

  it('with a kid serves that kid, and tokens without', async () => {
    const api = create({ publicKey: jwkOf(p256.publicKey, { kid: 'k' }) })
    expect(await outcome(api, tokenOf('ES256', p256.privateKey, 'k'))).toBe('accepted')
    expect(await outcome(api, tokenOf('ES256', p256.privateKey))).toBe('accepted')
    expect(await outcome(api, tokenOf('ES256', p256.privateKey, 'other'))).toBe('unknown_key')
  })

  const privateForms: readonly (readonly [string, unknown])[] = [
    ['PEM of PKCS#8', p256.privateKey.export({ type: 'pkcs8', format: 'pem' })],
    ['PEM of PKCS#1', rsa.privateKey.export({ type: 'pkcs1', format: 'pem' })],
    ['PEM of SEC 1', p256.privateKey.export({ type: 'sec1', format: 'pem' })],
    [
      'PEM that is encrypted',
      p256.privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'x' }),
    ],
    ['a KeyObject', p256.privateKey],
    ['a JWK', jwkOf(p256.privateKey)],
  ]
  it.each(privateForms)('is a TypeError when it is private: %s', (_title, value) => {
    expect(() => create({ publicKey: value })).toThrow(/^publicKey: is a private or (?:secret|symmetric) key/)
  })

  it.each([
    ['bytes', der],
    ['a short RSA key', generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey],
    ['a key of DSA', generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 }).publicKey],
    ['a key for another algorithm', jwkOf(p256.publicKey, { alg: 'ES384' })],
  ])('is a TypeError as %s', (_title, value) => {
    expect(() => create({ publicKey: value })).toThrow(TypeError)
    expect(() => create({ publicKey: value })).toThrow(/^publicKey: /)
  })

  it('is a TypeError when no accepted algorithm fits it', () => {
    expect(() => create({ publicKey: pem, algorithms: ['ES256'] })).toThrow(
      /^publicKey: must be a public key for the accepted/,
    )
  })
})

describe('the place of the public keys', () => {
  const given = {
    jwksUri,
    jwks: { keys: [rsaJwk] },
    publicKey: pem,
    metadataUrl: 'https://issuer.test/metadata',
  }
  const pairs = Object.entries(given).flatMap((one, index, all) =>
    all.slice(index + 1).map((other) => [one, other] as const),
  )

  it.each(pairs.map(([one, other]) => [one[0], other[0], Object.fromEntries([one, other])]))(
    'is one: %s and %s together are a TypeError',
    (one, other, options) => {
      expect(() => create(options as object)).toThrow(`${one} and ${other}: public keys come from one place`)
    },
  )

  it.each(['http://issuer.test/x', 'issuer', '', 7, null])('is no %j as metadataUrl', (metadataUrl) => {
    expect(() => create({ metadataUrl })).toThrow(/^metadataUrl: /)
  })

  it('E14 names why no key of a literal set can be used', () => {
    expect(() => create({ jwks: { keys: [{ ...rsaJwk, use: 'enc' }, null] } })).toThrow(
      /^jwks: must be a JWK Set.*; keys\[0\]: use; keys\[1\]: not an object$/,
    )
  })
})

describe('a key without kid in a literal set', () => {
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const named = jwkOf(other.publicKey, { kid: 'other' })
  const unnamed = jwkOf(p256.publicKey)

  it.each([
    ['serves a kid that no key has', [unnamed, named], 'any', 'accepted'],
    ['serves a token without kid where it is alone', [unnamed], undefined, 'accepted'],
    ['serves no kid that another key has', [unnamed, named], 'other', 'signature'],
    ['is not used where two of them fit', [unnamed, jwkOf(other.publicKey)], 'any', 'unknown_key'],
  ] as const)('%s', async (_title, keys, kid, expected) => {
    expect(await outcome(create({ jwks: { keys } }), tokenOf('ES256', p256.privateKey, kid))).toBe(expected)
  })

  it('serves no token of another kind of key', async () => {
    expect(
      await outcome(create({ jwks: { keys: [unnamed] } }), tokenOf('RS256', rsa.privateKey, 'any')),
    ).toBe('unknown_key')
  })

  it('serves no kid where the set is fetched', async () => {
    const { fetch } = countingFetch({ [jwksUri]: () => ({ keys: [unnamed, named] }) })
    expect(await outcome(create({ jwksUri, fetch }), tokenOf('ES256', p256.privateKey, 'any'))).toBe(
      'unknown_key',
    )
  })
})
