import { createResourceServer } from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

const now = (): number => 1_800_000_000_000
const issuer = await createTestIssuer({ issuer: 'https://issuer.test/', now })
const { audience, jwks } = issuer.options
const good = { issuer: issuer.issuer, audience, jwks, now }

/** Options as JavaScript hands them over: nothing has checked their types. */
const make = (options: object) => createResourceServer(options as typeof good)

/** The names of all options, as the message about an unknown one lists them: a new option is tested by itself. */
function namesIn(run: () => unknown): string[] {
  try {
    run()
  } catch (error) {
    const [, list = ''] = /; the options are (.*)$/.exec((error as Error).message) ?? []
    return list.split(', ')
  }
  return []
}
const optionNames = namesIn(() => make({ ...good, '?': 1 }))
const issuerNames = namesIn(() => make({ audience, issuers: [{ '?': 1 }] }))
const nested = {
  keyCache: namesIn(() => make({ ...good, keyCache: { '?': 1 } })),
  tokenCache: ['max', 'maxAge'],
}

const polluted = new Set<string>()
function pollute(name: string, value: unknown): void {
  Object.defineProperty(Object.prototype, name, { value, configurable: true, writable: true })
  polluted.add(name)
}

beforeEach(() => {
  for (const name of ['OAUTH_ISSUER', 'OAUTH_AUDIENCE', 'OAUTH_JWKS_URI']) vi.stubEnv(name, undefined)
})
afterEach(() => {
  for (const name of polluted) Reflect.deleteProperty(Object.prototype, name)
  polluted.clear()
  vi.unstubAllEnvs()
})

describe('every option', () => {
  it('is in the lists that these tests go by', () => {
    expect(optionNames).toEqual(expect.arrayContaining(['issuer', 'audience', 'hookTimeoutMs', 'now']))
    expect(issuerNames).toEqual(expect.arrayContaining(['issuer', 'clients', 'tokenTypes']))
    expect(nested.keyCache).toContain('staleFor')
  })

  it.each(optionNames)('G2 %s: null is a TypeError that names it', (name) => {
    vi.stubEnv('OAUTH_ISSUER', issuer.issuer)
    vi.stubEnv('OAUTH_AUDIENCE', 'https://api.test')
    const { jwks: _jwks, issuer: _issuer, ...withoutKeys } = good
    expect(() => make({ ...withoutKeys, [name]: null })).toThrow(TypeError)
    expect(() => make({ ...withoutKeys, [name]: null })).toThrow(new RegExp(`^${name}\\b`))
  })

  it.each(issuerNames)('G2 issuers[0].%s: null is a TypeError', (name) => {
    expect(() => make({ audience, issuers: [{ issuer: 'https://i.test/', [name]: null }] })).toThrow(
      new RegExp(`^issuers\\[0\\]\\.${name}\\b`),
    )
  })

  it.each(Object.entries(nested).flatMap(([name, inner]) => inner.map((it) => [name, it] as const)))(
    'G2 %s.%s: null is a TypeError',
    (name, inner) => {
      expect(() => make({ ...good, [name]: { [inner]: null } })).toThrow(new RegExp(`^${name}\\.${inner}:`))
    },
  )

  it.each(optionNames)('D1 %s: undefined is not given', (name) => {
    vi.stubEnv('OAUTH_ISSUER', issuer.issuer)
    vi.stubEnv('OAUTH_AUDIENCE', 'https://api.test')
    expect(() => make({ ...good, [name]: undefined })).not.toThrow()
  })

  it.each(optionNames)('D3 %s: what a polluted prototype offers is not read', (name) => {
    // No option accepts a symbol.
    pollute(name, Symbol('polluted'))
    expect(() => make(good)).not.toThrow()
    expect(() =>
      make({ audience, issuers: [{ issuer: 'i', jwks }], keyCache: {}, tokenCache: {} }),
    ).not.toThrow()
  })

  it.each(Object.values(nested).flat())('D3 the nested option %s is no option when inherited', (name) => {
    pollute(name, Symbol('polluted'))
    expect(() => make(good)).not.toThrow()
    expect(() => make({ ...good, keyCache: {}, tokenCache: {} })).not.toThrow()
  })

  it.each(['OAUTH_ISSUER', 'OAUTH_AUDIENCE', 'OAUTH_JWKS_URI'])(
    'D3 %s is not read from a prototype',
    (name) => {
      vi.unstubAllEnvs()
      pollute(name, 'http://evil.test/')
      expect(() => make({ issuer: 'https://issuer.test/', audience })).not.toThrow()
      expect(() => make({})).toThrow(/^issuer/)
    },
  )

  it('D3 a hole in a list is not filled by a prototype', () => {
    pollute('0', 'https://sibling.test')
    const hole: unknown[] = []
    hole.length = 1
    for (const name of [
      'audience',
      'clients',
      'requiredClaims',
      'tokenTypes',
      'scopes',
      'roles',
      'issuers',
    ]) {
      const { issuer: _issuer, jwks: _jwks, ...common } = good
      const options = name === 'issuers' ? { ...common, issuers: hole } : { ...good, [name]: hole }
      expect(() => make(options)).toThrow(new RegExp(`^${name}: has no entry at position 0`))
    }
  })

  it.each(optionNames)('%s: a getter runs once', (name) => {
    let runs = 0
    const options = Object.defineProperty({ ...good }, name, {
      enumerable: true,
      get() {
        runs += 1
        return (good as Record<string, unknown>)[name]
      },
    })
    make(options)
    expect(runs).toBe(1)
  })
})

describe('D1 undefined inside issuers', () => {
  const restrictive = {
    clients: ['client-2'],
    profile: 'rfc9068',
    requiredClaims: ['missing'],
    maxTokenAge: 1,
    algorithms: ['RS256'],
    tokenTypes: ['other'],
    clockTolerance: 0,
    roles: () => {
      throw new Error('common roles')
    },
    scopes: () => {
      throw new Error('common scopes')
    },
  } as const
  const iat = now() / 1000 - 100

  it.each(Object.keys(restrictive) as (keyof typeof restrictive)[])(
    'leaves the common %s in force, in a list and in what a function returns',
    async (name) => {
      const token = await issuer.sign(
        { iat, exp: now() / 1000 - (name === 'clockTolerance' ? 1 : -100) },
        { typ: 'JWT' },
      )
      const entry = { issuer: issuer.issuer, jwks: issuer.jwks, [name]: undefined }
      const common = { audience, now, [name]: restrictive[name] }
      // The same options without the restriction accept the token, so nothing else refuses it.
      const free = make({ audience, now, issuers: [entry] })
      await expect(free.verify(token)).resolves.toMatchObject({ subject: 'user-1' })
      if (name === 'algorithms') {
        expect(() => make({ ...common, issuers: [entry] })).toThrow(/^issuers\[0\]\.jwks/)
        return
      }
      await expect(make({ ...common, issuers: [entry] }).verify(token)).rejects.toThrow()
      await expect(make({ ...common, issuers: () => entry }).verify(token)).rejects.toThrow()
    },
  )

  it('takes the common audience, also when the entry says undefined', async () => {
    const entry = { issuer: issuer.issuer, jwks, audience: undefined }
    const api = make({ audience: 'https://sibling.test', now, issuers: [entry] })
    await expect(api.verify(await issuer.sign())).rejects.toMatchObject({ reason: 'audience' })
  })

  it('shows a mistake among the common options at construction', () => {
    for (const [name, value] of Object.entries({
      clockTolerance: 301,
      clients: [],
      profile: 'x',
      scopes: '',
    })) {
      expect(() => make({ audience, issuers: () => undefined, [name]: value })).toThrow(
        new RegExp(`^${name}:`),
      )
    }
  })
})
