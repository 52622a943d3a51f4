import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { clientAuthentication } from '../../src/issuer/client-authentication.ts'
import { FetchError } from '../../src/issuer/fetch-error.ts'
import { clientKey } from '../../src/options/client-key.ts'
import type { ClientCredentials } from '../../src/options/introspection.ts'
import { parts } from '../support/tokens.ts'

let now = 1_800_000_000.7
const clock = { wall: () => now }
const prove = (credentials: ClientCredentials, clientId = 'api-1'): ReturnType<typeof clientAuthentication> =>
  clientAuthentication({ clientId, credentials }, 'https://issuer.test/', clock)

describe('a client with a secret', () => {
  it('sends it in a header, with every character that a header or a colon could spoil encoded', async () => {
    const proof = await prove({ method: 'client_secret_basic', secret: 'p+q r\u00e9&:' }, 'a:b c')()
    expect(proof).toEqual({
      headers: { authorization: `Basic ${btoa('a%3Ab+c:p%2Bq+r%C3%A9%26%3A')}` },
      form: {},
    })
  })

  it('sends it in the form, as it is', async () => {
    const proof = await prove({ method: 'client_secret_post', secret: 'p+q r\u00e9&:' }, 'a:b c')()
    expect(proof).toEqual({ headers: {}, form: { client_id: 'a:b c', client_secret: 'p+q r\u00e9&:' } })
  })
})

describe('a client with a private key', () => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = pair.privateKey.export({ format: 'jwk' })
  const withKey = (changes: object = {}): ReturnType<typeof clientAuthentication> =>
    prove({ method: 'private_key_jwt', key: { ...clientKey({ ...jwk, kid: 'k-1' }, 'key'), ...changes } })
  const read = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString())

  it('sends an assertion for the issuer alone that is valid for a minute', async () => {
    const { headers, form } = await withKey()()
    expect([headers, Object.keys(form)]).toEqual([{}, ['client_assertion_type', 'client_assertion']])
    expect(form['client_assertion_type']).toBe('urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
    const [header, payload, signature] = parts(String(form['client_assertion']))
    expect(read(header)).toEqual({ alg: 'ES256', typ: 'client-authentication+jwt', kid: 'k-1' })
    expect(read(payload)).toEqual({
      iss: 'api-1',
      sub: 'api-1',
      aud: 'https://issuer.test/',
      jti: expect.stringMatching(/^[\w-]{22}$/) as string,
      iat: 1_800_000_000,
      exp: 1_800_000_060,
    })
    const key = { key: createPublicKey(pair.privateKey), dsaEncoding: 'ieee-p1363' } as const
    const input = Buffer.from(`${header}.${payload}`)
    expect(verify('sha256', input, key, Buffer.from(signature, 'base64url'))).toBe(true)
  })

  it('names no key where it has no id', async () => {
    const { form } = await withKey({ kid: undefined })()
    expect(read(parts(String(form['client_assertion']))[0])).toEqual({
      alg: 'ES256',
      typ: 'client-authentication+jwt',
    })
  })

  it('sends another assertion each time, at the time', async () => {
    const make = withKey()
    const read2 = async (): Promise<Record<string, unknown>> =>
      read(parts(String((await make()).form['client_assertion']))[1]) as Record<string, unknown>
    const first = await read2()
    now += 10
    const second = await read2()
    now -= 10
    expect(second['iat']).toBe(Number(first['iat']) + 10)
    expect(second['jti']).not.toBe(first['jti'])
  })

  it('fails each time with a key that cannot sign, and shows nothing of it', async () => {
    const make = withKey({ jwk: { ...jwk, d: 'AA' } })
    for (let count = 0; count < 2; count += 1) {
      const error: unknown = await Promise.resolve(make()).catch((it: unknown) => it)
      expect(error).toBeInstanceOf(FetchError)
      expect((error as Error).message).toBe('introspection.privateKey cannot sign')
      expect((error as Error).cause).toBeUndefined()
    }
  })
})
