import { generateKeyPairSync } from 'node:crypto'
import { CompactEncrypt, UnsecuredJWT } from 'jose'
import { createResourceServer, type ResourceServer } from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { hosts } from '../support/hosts.ts'
import { decryption, encrypt, goodHeader, junk, p256 } from '../support/encrypted.ts'
import { sharedHosts } from '../support/shared-hosts.ts'
import { b64 } from '../support/tokens.ts'
import { tries } from '../support/tries.ts'

const now = 1_800_000_000
const at = { now: () => now * 1000 }
const issuer = await createTestIssuer({ issuer: 'https://issuer.test/', algorithms: ['ES256'], ...at })
const stranger = await createTestIssuer({ issuer: 'https://other.test/', algorithms: ['ES256'], ...at })
const api = createResourceServer({ ...issuer.options, decryption })
const started = sharedHosts()

const claims = { iss: 'https://issuer.test/', aud: 'https://api.test', sub: 'user-1', exp: now + 300 }
const cannotBeRead = 'The access token cannot be read as a signed JWT'

let good: string
let changedInside: string
beforeAll(async () => {
  good = await issuer.sign()
  const [header = '', , signature = ''] = good.split('.')
  changedInside = `${header}.${b64(JSON.stringify({ ...claims, sub: 'admin' }))}.${signature}`
})

const password = { p2c: 2 ** 31 - 1, p2s: b64('salt salt'), cty: 'JWT', enc: 'A256GCM' }
/** A key for agreement that is on no curve: the invalid curve attack (CVE-2017-16007). */
const offCurve = { kty: 'EC', crv: 'P-256', x: b64(Buffer.alloc(32, 1)), y: b64(Buffer.alloc(32, 2)) }
const agreement = { alg: 'ECDH-ES', enc: 'A256GCM', cty: 'JWT' }

const stranger256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey

type Case = readonly [title: string, token: () => string | Promise<string>, description: string]

/** Each differs in one thing from the token that is accepted. */
const cases: readonly Case[] = [
  ['JWE-1 dir with a secret of the sender', () => directly(good), cannotBeRead],
  ['JWE-1 RSA1_5', () => junk({ ...goodHeader, alg: 'RSA1_5' }), cannotBeRead],
  ['JWE-1 PBES2', () => junk({ ...password, alg: 'PBES2-HS256+A128KW', p2c: 1000 }), cannotBeRead],
  [
    'JWE-1 DOS-18 PBES2 with two thousand million rounds',
    () => junk({ ...password, alg: 'PBES2-HS512+A256KW' }),
    cannotBeRead,
  ],
  ['JWE-1 symmetric key wrapping', () => junk({ ...goodHeader, alg: 'A256KW' }, 40), cannotBeRead],
  ['JWE-1 RSA-OAEP, which is not listed', () => encrypt(good, { alg: 'RSA-OAEP' }), cannotBeRead],
  ['JWE-1 ECDH-ES with a key off the curve', () => junk({ ...agreement, epk: offCurve }, 0), cannotBeRead],
  [
    'JWE-1 ECDH-ES with a key at infinity',
    () => junk({ ...agreement, epk: { ...offCurve, x: b64(Buffer.alloc(32)), y: b64(Buffer.alloc(32)) } }, 0),
    cannotBeRead,
  ],
  ['JWE-1 ECDH-ES without a key', () => junk(agreement, 0), cannotBeRead],
  [
    'JWE-1 ECDH-ES with a key of another curve',
    () => junk({ ...agreement, epk: { ...offCurve, crv: 'P-521' } }, 0),
    cannotBeRead,
  ],
  ['JWE-1 ECDH-ES with a private key', () => junk({ ...agreement, epk: p256.jwk() }, 0), cannotBeRead],
  ['JWE-1 ECDH-ES with an encrypted key', () => junk({ ...agreement, epk: offCurve }, 40), cannotBeRead],
  ['JWE-1 DOS-19 zip: DEF', () => junk({ ...goodHeader, zip: 'DEF' }), cannotBeRead],
  ['JWE-1 enc that is not listed', () => encrypt(good, { enc: 'A192GCM' }), cannotBeRead],
  ['JWE-1 an unsigned token inside', () => encrypt(new UnsecuredJWT({ ...claims }).encode()), cannotBeRead],
  [
    'JWE-1 STR-6 an unsigned token with three parts inside',
    () => encrypt(`${b64('{"alg":"none"}')}.${b64(JSON.stringify(claims))}.AA`),
    'The signature algorithm is not accepted',
  ],
  ['JWE-1 bare claims inside', () => encrypt(JSON.stringify(claims)), cannotBeRead],
  ['JWE-1 nothing but text inside', () => encrypt('opaque'), cannotBeRead],
  [
    'JWE-1 a changed token inside',
    () => encrypt(changedInside),
    'The signature of the access token could not be verified',
  ],
  [
    'JWE-1 a token of another issuer inside',
    async () => encrypt(await stranger.sign({ aud: 'https://api.test' })),
    'The access token does not name an issuer that this API trusts',
  ],
  [
    "JWE-1 a token of another issuer's key inside",
    async () => encrypt(await stranger.sign({ iss: 'https://issuer.test/', aud: 'https://api.test' })),
    'The signing key of the access token is not known',
  ],
  ['JWE-1 cty missing', () => encrypt(good, { cty: undefined }), cannotBeRead],
  ['JWE-1 cty of another kind', () => encrypt(good, { cty: 'json' }), cannotBeRead],
  ['JWE-1 crit', () => encrypt(good, { crit: ['exp'], exp: now + 300 }), cannotBeRead],
  [
    'JWE-1 an encrypted token inside of an encrypted one',
    async () => encrypt(await encrypt(good)),
    cannotBeRead,
  ],
  [
    'JWE-1 a key that is not ours',
    () => encrypt(good, { alg: 'ECDH-ES', kid: 'p256', epk: undefined }, stranger256),
    cannotBeRead,
  ],
  ['JWE-1 the id of a key that is not there', () => encrypt(good, { kid: 'none' }), cannotBeRead],
  [
    'JWE-1 parts of another token',
    async () =>
      (await encrypt(good))
        .split('.')
        .slice(0, 3)
        .concat((await encrypt(good)).split('.').slice(3))
        .join('.'),
    cannotBeRead,
  ],
  ['JWE-1 random bytes', () => junk(goodHeader), cannotBeRead],
  [
    'JWE-1 a tag of four bytes',
    async () =>
      (await encrypt(good)).replace(/[^.]+$/, (tag) => b64(Buffer.from(tag, 'base64url').subarray(0, 4))),
    cannotBeRead,
  ],
]

async function directly(text: string): Promise<string> {
  return new CompactEncrypt(new TextEncoder().encode(text))
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', cty: 'JWT' })
    .encrypt(new Uint8Array(32))
}

interface Answer {
  readonly status: number
  readonly challenge: string | null
  readonly description: string
}

describe.each(Object.entries(hosts))('class JWE, %s', (_name, start) => {
  async function send(token: string, by: ResourceServer = api): Promise<Answer> {
    const { origin } = await started(start, by)
    const response = await fetch(origin, { headers: { authorization: `Bearer ${token}` } })
    const body = (await response.json()) as { error_description?: string }
    return {
      status: response.status,
      challenge: response.headers.get('www-authenticate'),
      description: body.error_description ?? '',
    }
  }

  it('JWE class: the token all others differ from is accepted', async () => {
    expect(await send(await encrypt(good))).toMatchObject({ status: 200 })
    expect(await send(await encrypt(good, { ...agreement, kid: 'p256' }, p256.publicKey))).toMatchObject({
      status: 200,
    })
  })

  it.each(cases)('%s is 401', async (_title, make, description) => {
    expect(await send(await make())).toEqual({
      status: 401,
      challenge: `Bearer realm="https://api.test", error="invalid_token", error_description="${description}"`,
      description,
    })
  })

  it('STR-7 an encrypted token is 401 where there are no keys', async () => {
    const plain = createResourceServer(issuer.options)
    expect(await send(await encrypt(good), plain)).toMatchObject({ status: 401, description: cannotBeRead })
  })
})

describe('JWE-1 thousands of junk tokens at once', () => {
  it('are 401, or 503 over the cap; the remembered token goes on, and a new one right after', async () => {
    const by = createResourceServer({ ...issuer.options, decryption })
    const known = await encrypt(good)
    const fresh = await encrypt(good)
    await by.verify(known)
    const [first = '', ...others] = junk(goodHeader).split('.')
    const statuses = new Map<unknown, number>()
    const presented = async (token: string): Promise<void> => {
      const status: unknown = await by
        .verify(token)
        .catch((error: unknown) => (error as { status?: number }).status)
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
    const flood: Promise<void>[] = []
    for (let index = 0; index < tries(10_000, 1000); index++) {
      // Each another token, without the cost of random bytes for each.
      const text = `${b64(String(index))}${others[2] ?? ''}`
      flood.push(presented([first, ...others.slice(0, 2), text, others[3]].join('.')))
      // As requests arrive: the process reads its sockets in between.
      if (index % 500 === 0) await new Promise(setImmediate)
    }
    await expect(by.verify(known)).resolves.toMatchObject({ subject: 'user-1' })
    await Promise.all(flood)
    expect([...statuses.keys()].sort()).toEqual([401, 503])
    expect(statuses.get(401)).toBeGreaterThanOrEqual(100)
    await expect(by.verify(fresh)).resolves.toMatchObject({ subject: 'user-1' })
  })
})
