import * as core from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'
import { b64, parts, signed } from '../support/tokens.ts'

const { createResourceServer, fromCookie, scope, anyScope } = core
const good = { issuer: 'https://issuer.test/', audience: 'https://api.test' }
const create = (options: object) => (): unknown => createResourceServer({ ...good, ...options })

describe('requirements on the configuration', () => {
  it.each(['read write', 'read"', 'read\\', 'r\u00e9ad', '', '\t'])(
    'RFC6749-3.3-2 %j is no scope a route can ask for',
    (name) => {
      expect(() => scope(name)).toThrow(TypeError)
      expect(() => anyScope(name)).toThrow(TypeError)
    },
  )

  it.each([301, Infinity, NaN, -1, '5'])('RFC7519-4.1.4-2 a tolerance of %s is refused', (clockTolerance) => {
    expect(create({ clockTolerance })).toThrow(/^clockTolerance/)
  })

  it('RFC7519-4.1.4-2 the tolerance is 30 seconds unless set otherwise, and 300 at most', async () => {
    const now = 1_800_000_000_000
    const issuer = await createTestIssuer({ now: () => now })
    const late = await issuer.sign({ exp: now / 1000 - 30, iat: undefined })
    const less = await issuer.sign({ exp: now / 1000 - 29, iat: undefined })
    await expect(createResourceServer(issuer.options).verify(late)).rejects.toMatchObject({
      reason: 'expired',
    })
    expect((await createResourceServer(issuer.options).verify(less)).subject).toBe('user-1')
    expect(
      (await createResourceServer({ ...issuer.options, clockTolerance: 300 }).verify(late)).subject,
    ).toBe('user-1')
  })

  it.each([['none'], ['None'], ['RS256', 'none']])(
    'RFC7518-3.6-2 %j cannot be accepted by any option',
    (...algorithms) => {
      expect(create({ algorithms })).toThrow(/^algorithms/)
      for (const name of ['allowNone', 'unsecured', 'verify', 'skipSignature'])
        expect(create({ [name]: true })).toThrow(/unknown option/)
    },
  )

  it('RFC7519-8-1 HS256 is supported, and none is not', async () => {
    const secret = 'a secret of the tests, which has 32 bytes or more'
    const api = createResourceServer({ ...good, secret })
    const now = Math.floor(Date.now() / 1000)
    const claims = { iss: good.issuer, aud: good.audience, iat: now, exp: now + 60 }
    const token = signed({ alg: 'HS256' }, claims, secret)
    expect((await api.verify(token)).header?.alg).toBe('HS256')
    const unsigned = `${b64('{"alg":"none"}')}.${parts(token)[1]}`
    for (const signature of ['', 'AAAA'])
      await expect(api.verify(`${unsigned}.${signature}`)).rejects.toMatchObject({ status: 401 })
  })

  it.each(['RFC6750-5.3-2', 'OAUTH21-7.1.3.4-1'])(
    '%s a token in a cookie demands the defence against CSRF, by a cookie that may be kept to https',
    (id) => {
      expect(id).not.toBe('')
      for (const options of [undefined, {}, { csrf: false }, { csrf: undefined }]) {
        expect(() => fromCookie('__Host-token', options as never)).toThrow(/^fromCookie: .*csrf/)
      }
      expect(() => fromCookie('__host-token', { csrf: {} })).toThrow(/__Host-/)
      expect(() => fromCookie('__Host-token', { csrf: {} })).not.toThrow()
    },
  )

  it.each(['RFC8414-2-1', 'OIDCD-3-1'])(
    '%s an issuer to be discovered is https without query and fragment',
    (id) => {
      expect(id).not.toBe('')
      for (const issuer of [
        'http://issuer.test/',
        'https://issuer.test/?',
        'https://issuer.test/?a=b',
        'https://issuer.test/#',
        'https://issuer.test/#x',
        'issuer.test',
      ]) {
        expect(create({ issuer })).toThrow(/^issuer/)
      }
      expect(create({})).not.toThrow()
    },
  )

  it.each(['RFC8414-6.1-1', 'OAUTH21-1.5-1'])(
    '%s no option turns off the check of certificates, and plain http is for this machine alone',
    (id) => {
      expect(id).not.toBe('')
      for (const name of [
        'insecure',
        'rejectUnauthorized',
        'allowHttp',
        'dangerouslyAllowHttp',
        'agent',
        'ca',
        'dispatcher',
      ]) {
        expect(create({ [name]: false })).toThrow(/unknown option/)
      }
      expect(create({ jwksUri: 'http://issuer.test/keys' })).toThrow(/^jwksUri/)
      expect(create({ jwksUri: 'http://127.0.0.1/keys' })).not.toThrow()
    },
  )

  it('RFC8725-3.1-1 the algorithms can be restricted, and nothing else is ever used', async () => {
    const issuer = await createTestIssuer({ algorithms: ['ES256', 'RS256'] })
    const api = createResourceServer({ ...issuer.options, algorithms: ['RS256'] })
    expect((await api.verify(await issuer.sign({}, { alg: 'RS256' }))).header?.alg).toBe('RS256')
    await expect(api.verify(await issuer.sign({}, { alg: 'ES256' }))).rejects.toMatchObject({
      reason: 'algorithm',
    })
  })

  it.each(['RS1', 'RSA1_5', 'HS1', 'RSA-SHA1', 'MD5', 'HS256', 'dir', 'ES256K'])(
    'RFC8725-3.2-1 %s cannot be accepted beside public keys',
    (alg) => {
      expect(create({ algorithms: [alg] })).toThrow(/^algorithms/)
    },
  )

  it('RFC8725-3.2-2 the algorithms are data: any selection can be accepted', () => {
    for (const algorithms of [['ES512'], ['EdDSA', 'RS256'], ['Ed448'], ['PS384', 'PS512']])
      expect(create({ algorithms })).not.toThrow()
  })

  it.each(['RFC8725bis-3.2-5', 'RFC9864-4.1.2-1'])('%s Ed25519 can be named instead of EdDSA', (id) => {
    expect(id).not.toBe('')
    expect(create({ algorithms: ['Ed25519'] })).not.toThrow()
    expect(create({ algorithms: ['Ed448'] })).not.toThrow()
  })

  it('RFC9700-4.13-1 no header of a proxy is trusted: there is no option that names one', () => {
    for (const name of ['trustProxy', 'forwarded', 'certificateHeader', 'host', 'baseUrl'])
      expect(create({ [name]: true })).toThrow(/unknown option/)
  })

  it('RFC6750-3-10 error_uri is never written, so there is nothing to configure', () => {
    expect(create({ errorUri: 'https://docs.test/' })).toThrow(/unknown option/)
  })

  it.each(['RFC8414-3-1', 'RFC8414-3.1-1', 'OIDCD-4.1-1'])(
    '%s metadata is looked for where the specification says',
    async (id) => {
      expect(id).not.toBe('')
      const calls: string[] = []
      const fetch = (url: unknown): Promise<Response> => {
        calls.push(String(url))
        return Promise.resolve(new Response('', { status: 404 }))
      }
      const places = async (issuer: string): Promise<string[]> => {
        calls.length = 0
        await createResourceServer({ issuer, audience: 'a', fetch })
          .ready()
          .catch(() => undefined)
        return [...new Set(calls)]
      }
      const inserted = 'https://issuer.test/.well-known/oauth-authorization-server'
      expect(await places('https://issuer.test/')).toEqual([
        inserted,
        'https://issuer.test/.well-known/openid-configuration',
      ])
      for (const issuer of ['https://issuer.test/a/b', 'https://issuer.test/a/b/']) {
        expect(await places(issuer)).toEqual([
          `${inserted}/a/b`,
          'https://issuer.test/a/b/.well-known/openid-configuration',
        ])
      }
    },
  )
})
