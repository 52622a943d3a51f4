import { createResourceServer } from 'oauth-resource-server'
import { describe, expect, it } from 'vitest'
import { foreignFix, foreignNames } from '../../src/options/foreign-names.ts'
import { issuerOptionNames } from '../../src/options/issuer.ts'

const good = { issuer: 'https://issuer.test/', audience: 'a' }

function messageOf(options: object): string {
  try {
    createResourceServer(options as never)
    return 'no error'
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`
  }
}

/** The options there are, as the message about one there is not lists them. */
const ours = (/the options are (.*)$/.exec(messageOf({ ...good, unknown: 1 }))?.[1] ?? '').split(', ')

/** Every option of these libraries that has another name here. */
const libraries: Readonly<Record<string, readonly string[]>> = {
  'express-oauth2-jwt-bearer': [
    ...['issuerBaseURL', 'tokenSigningAlg', 'authRequired', 'validators', 'strict', 'mcd', 'agent'],
    ...['cooldownDuration', 'timeoutDuration', 'cacheMaxAge', 'cache'],
  ],
  'express-jwt': [
    ...['credentialsRequired', 'getToken', 'requestProperty', 'isRevoked', 'onExpired', 'maxAge', 'subject'],
    ...['ignoreExpiration', 'ignoreNotBefore', 'clockTimestamp', 'jwtid', 'complete'],
  ],
  'jwks-rsa': [
    ...['cache', 'rateLimit', 'jwksRequestsPerMinute', 'cacheMaxEntries', 'cacheMaxAge', 'requestHeaders'],
    ...['cacheMaxAgeFallback', 'requestAgent', 'timeout', 'proxy', 'fetcher', 'getKeysInterceptor'],
  ],
  'koa-jwt': ['passthrough', 'key', 'cookie', 'tokenKey', 'getToken', 'isRevoked', 'debug'],
  '@fastify/jwt': [
    ...['decode', 'sign', 'verify', 'cookie', 'formatUser', 'trusted', 'namespace', 'messages'],
    ...['jwtVerify', 'jwtDecode', 'jwtSign', 'decoratorName', 'allowedAud', 'allowedIss', 'extractToken'],
  ],
  'passport-jwt': ['secretOrKey', 'secretOrKeyProvider', 'jwtFromRequest', 'passReqToCallback'],
  'aws-jwt-verify': [
    ...['userPoolId', 'clientId', 'tokenUse', 'groups', 'graceSeconds', 'includeRawJwtInErrors', 'scope'],
    ...['customJwtCheck', 'jwksCache'],
  ],
}
const rows = Object.entries(libraries).flatMap(([library, names]) => names.map((name) => [name, library]))

describe('an option of another library', () => {
  it.each(rows)('%s of %s is answered with the fix', (name) => {
    const message = messageOf({ ...good, [name]: true })
    expect(foreignFix(name)).toBeDefined()
    expect(message).toContain(`TypeError: options: unknown option ${name} (${String(foreignFix(name))})`)
  })

  it.each(foreignNames)('%s is no option here', (name) => {
    expect(ours).not.toContain(name)
  })

  it.each(foreignNames)('%s is answered with options that exist', (name) => {
    const named = [...String(foreignFix(name)).matchAll(/(?:use|set|option|, or) ([a-zA-Z]+)(?![\w(])/g)]
    for (const [, option = ''] of named) expect([...ours, 'revocation', 'the']).toContain(option)
  })

  it.each(foreignNames)('%s is answered with what to do', (name) => {
    expect(foreignFix(name)).toMatch(/^(?:use |set |leave it out: )\S/)
  })

  it.each(['constructor', 'toString', '__proto__'])('is not %s, as every object has it', (name) => {
    expect(foreignFix(name)).toBeUndefined()
  })

  it('is answered next to others', () => {
    expect(messageOf({ issuerBaseURL: 'https://issuer.test/', audiance: 'a' })).toMatch(
      /unknown option issuerBaseURL \(use issuer, .*\), audiance \(did you mean audience\?\)$/,
    )
  })

  it('is answered inside issuers too', () => {
    expect(messageOf({ issuers: [{ ...good, tokenSigningAlg: 'RS256' }] })).toContain(
      "issuers[0]: unknown option tokenSigningAlg (use algorithms, a list, for example ['RS256'])",
    )
  })

  it.each(ours.filter((name) => name !== 'issuers' && !issuerOptionNames.some((other) => other === name)))(
    'that issuers share is answered inside issuers: %s',
    (name) => {
      expect(messageOf({ issuers: [{ ...good, [name]: 1 }] })).toContain(
        `issuers[0]: unknown option ${name} (set it beside issuers: all of them share it)`,
      )
    },
  )

  it('is unknown among the options of a cache', () => {
    expect(messageOf({ ...good, keyCache: { timeout: 1 } })).toContain(
      'keyCache: unknown option timeout (did you mean timeoutMs?)',
    )
  })

  it('is answered where a secret is a function of jwks-rsa', () => {
    expect(messageOf({ ...good, secret: () => undefined })).toBe(
      'TypeError: secret: must be a string or bytes; a function that looks up keys is not needed, leave it out: the keys of issuer are fetched',
    )
  })
})
