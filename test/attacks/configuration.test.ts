import { inspect } from 'node:util'
import * as core from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { parts } from '../support/range.ts'

const { createResourceServer, isAuthError } = core

afterEach(() => {
  for (const name of [
    'algorithms',
    'audience',
    'issuer',
    'optional',
    'secret',
    'alg',
    'exp',
    'aud',
    'iss',
    'use',
    'kid',
    'requiredClaims',
  ]) {
    Reflect.deleteProperty(Object.prototype, name)
  }
})

const { options: rsaOptions } = await createTestIssuer({ algorithms: ['RS256'] })

describe('options', () => {
  it.each([
    'audiance',
    'issuerUrl',
    'Issuer',
    'algorithm',
    'verify',
    'ignoreExpiration',
    'ignoreNotBefore',
    'complete',
    'skipVerification',
    'unsafe',
    'allowNone',
    'debug',
    'clockSkew',
    'leeway',
    'maxAge',
    'passthrough',
    'credentialsRequired',
    'requestProperty',
    'key',
    'jwksURI',
    '__proto_',
    'constructor',
  ])('TIM-6 and TIM-9: %s, which is none of them, is a mistake at start-up', async (name) => {
    const { options } = await createTestIssuer()
    expect(() => createResourceServer({ ...options, [name]: false })).toThrow(`unknown option ${name}`)
  })

  it.each([
    [[]],
    [['none']],
    [['None']],
    [['*']],
    ['RS256'],
    [null],
    [['RS256', 'none']],
    [['RS256', 'HS256']],
    [['HS256']],
    [['rs256']],
    [[undefined]],
    [['']],
    [[['RS256']]],
    [{}],
    [/RS256/],
    [true],
    [['RS1']],
    [['RSA-OAEP']],
    [['dir']],
    [['ES256K']],
    [['__proto__']],
    [['toString']],
  ])('TIM-7 %j as algorithms is a mistake at start-up', (algorithms) => {
    expect(() => createResourceServer({ ...rsaOptions, algorithms } as never)).toThrow(/^algorithms/)
  })

  it.each([null, 7, 'options', true, () => undefined, Symbol('x')])(
    'TIM-6 %s in place of options is a mistake',
    (options) => {
      expect(() => createResourceServer(options as never)).toThrow(TypeError)
    },
  )

  it('TIM-5 what happens to the options object later changes nothing', async () => {
    const issuer = await createTestIssuer()
    const evil = await createTestIssuer()
    const audience = ['https://api.test']
    const algorithms: core.AlgorithmName[] = ['ES256']
    const jwks = issuer.jwks
    const options = { issuer: issuer.issuer, audience, algorithms, jwks, requiredClaims: ['sub'] }
    const api = createResourceServer(options)
    audience.push('other')
    algorithms.push('RS256')
    options.requiredClaims.length = 0
    jwks.keys.splice(0, 1, ...evil.jwks.keys)
    Object.assign(options, { issuer: 'https://evil.test/', audience: 'evil' })
    await expect(api.verify(await issuer.sign({ aud: 'other' }))).rejects.toMatchObject({
      reason: 'audience',
    })
    await expect(api.verify(await issuer.sign({ sub: undefined }))).rejects.toMatchObject({ reason: 'claim' })
    await expect(api.verify(await evil.sign())).rejects.toMatchObject({ status: 401 })
    expect((await api.verify(await issuer.sign())).subject).toBe('user-1')
  })

  it('TIM-5 what a polluted prototype offers is no option', async () => {
    const { options, sign } = await createTestIssuer()
    Object.assign(Object.prototype, {
      algorithms: ['none'],
      optional: true,
      secret: 's'.repeat(64),
      requiredClaims: ['x'],
    })
    const api = createResourceServer(options)
    expect((await api.verify(await sign())).subject).toBe('user-1')
    await expect(api.authenticate({ headers: {} })).rejects.toMatchObject({ status: 401 })
    const { audience: _audience, ...rest } = options
    Object.assign(Object.prototype, { audience: 'https://api.test' })
    expect(() => createResourceServer(rest as never)).toThrow(/^audience/)
  })

  it('TIM-5 what a polluted prototype offers is no claim, header or key member', async () => {
    const { options, sign, signRaw } = await createTestIssuer()
    const api = createResourceServer(options)
    const good = { ...(JSON.parse(Buffer.from(parts(await sign())[1], 'base64url').toString()) as object) }
    Object.assign(Object.prototype, {
      alg: 'ES256',
      exp: 9e9,
      aud: 'https://api.test',
      iss: options.issuer,
      use: 'enc',
      kid: 'x',
    })
    for (const [name, reason] of [
      ['exp', 'claim'],
      ['aud', 'audience'],
      ['iss', 'issuer'],
    ] as const) {
      const claims = Object.fromEntries(Object.entries(good).filter(([claim]) => claim !== name))
      await expect(
        api.verify(await signRaw('{"alg":"ES256"}', JSON.stringify(claims))),
      ).rejects.toMatchObject({ reason })
    }
    await expect(api.verify(await signRaw('{}', JSON.stringify(good)))).rejects.toMatchObject({
      reason: 'algorithm',
    })
    expect(
      (await createResourceServer(options).verify(await signRaw('{"alg":"ES256"}', JSON.stringify(good))))
        .subject,
    ).toBe('user-1')
  })

  it.each([
    'http://issuer.test/',
    'http://10.0.0.1/',
    'http://localhost.evil.test/',
    'http://127.0.0.1.evil.test/',
    'http://0.0.0.0/',
    'ftp://issuer.test/',
    'issuer.test',
    'https://user:secret@issuer.test/',
    'javascript:1',
    'file:///keys',
  ])('SRF class: %s to fetch from is a mistake at start-up', (url) => {
    expect(() => createResourceServer({ issuer: url, audience: 'a' })).toThrow(/^issuer/)
    expect(() => createResourceServer({ issuer: 'i', audience: 'a', jwksUri: url })).toThrow(/^jwksUri/)
  })
})

describe('what is said of a token', () => {
  it('TIM-4 neither an error nor an Auth shows it when printed or serialised', async () => {
    const issuer = await createTestIssuer()
    const api = createResourceServer(issuer.options)
    const token = await issuer.sign()
    const auth = await api.verify(token)
    const signature = parts(token)[2]
    for (const text of [
      JSON.stringify(auth),
      inspect(auth, { depth: 9, showHidden: true }),
      Object.keys(auth).join(),
      JSON.stringify({ ...auth }),
    ]) {
      expect(text).not.toContain(signature)
    }
    expect(auth.token).toBe(token)
    expect(structuredClone({ ...auth, scopes: 0, roles: 0 })).not.toHaveProperty('token')
  })

  it('TIM-5 a claim of control characters reaches no message', async () => {
    const issuer = await createTestIssuer()
    const api = createResourceServer(issuer.options)
    const error: unknown = await api
      .verify(await issuer.sign({ iss: 'evil\r\nlevel=info\u001b[31m' }))
      .catch((reason: unknown) => reason)
    expect(isAuthError(error)).toBe(true)
    expect(inspect(error, { depth: 9 })).not.toContain('level=info')
  })

  it('TIM-10 there is no decoding among the exports, and no verification without a signature', () => {
    expect(Object.keys(core).filter((name) => /decode|parse|unsafe|insecure|none/i.test(name))).toEqual([])
  })

  it('TIM-13 an error is known by its brand, whichever copy of the library made it', () => {
    const foreign = Object.create({ [Symbol.for('oauth-resource-server.error')]: true }) as unknown
    expect(isAuthError(foreign)).toBe(true)
    for (const value of [undefined, null, 7, 'x', {}, new Error('x'), { status: 401, code: 'invalid_token' }])
      expect(isAuthError(value)).toBe(false)
  })

  it('TIM-15 time comes from the clock that is given, and from nowhere else', async () => {
    const issuer = await createTestIssuer({ now: () => 4_000_000_000_000 })
    const api = createResourceServer(issuer.options)
    expect((await api.verify(await issuer.sign())).expiresAt.getUTCFullYear()).toBe(2096)
    const { now: _now, ...systemTime } = issuer.options
    await expect(createResourceServer(systemTime).verify(await issuer.sign())).rejects.toMatchObject({
      reason: 'not_yet_valid',
    })
  })
})
