import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const src = join(root, 'src')

function filesIn(directory: string): string[] {
  return readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file))
    .sort()
}

const read = (file: string): string => readFileSync(join(src, file), 'utf8')

/** What is left of each file when it runs: no types, no comments. */
const code = new Map(
  filesIn('src').map((file) => [
    file,
    ts.transpileModule(read(file), {
      compilerOptions: {
        module: ts.ModuleKind.ESNext,
        target: ts.ScriptTarget.ESNext,
        verbatimModuleSyntax: true,
        removeComments: true,
      },
    }).outputText,
  ]),
)
const files = [...code.keys()]
const outside = /^(?:adapters|mcp|redis|testing)\//
const core = files.filter((file) => !outside.test(file))

const imported = new Map(
  files.map((file) => {
    const { importedFiles } = ts.preProcessFile(read(file))
    const names = importedFiles.map(({ fileName }) =>
      fileName.startsWith('.') ? join(dirname(file), fileName) : fileName,
    )
    return [file, names]
  }),
)

/** What a file imports, types included: packages by name, our own files by path within `src`. */
const importsOf = (file: string): readonly string[] => imported.get(file) ?? []

/** What a file imports at run time. */
function needs(file: string): string[] {
  const named = [...String(code.get(file)).matchAll(/(?:from|import|require\()\s*\(?\s*['"]([^'"]+)['"]/g)]
  return named.map(([, name = '']) => (name.startsWith('.') ? join(dirname(file), name) : name))
}

const whoNeeds = (name: string): string[] => files.filter((file) => needs(file).includes(name))
const whoSays = (text: RegExp, among = core): string[] =>
  among.filter((file) => text.test(String(code.get(file))))

/** The place of a file in the order of folders: its folder, or its own name at the top level. */
const placeOf = (file: string): string => (file.includes('/') ? dirname(file) : basename(file, '.ts'))

/** From the ground to the roof: a place may import what stands in a row before its own, or in its own folder. */
const order: readonly (readonly string[])[] = [
  ['types', 'detail', 'reasons', 'algorithms'],
  ['auth-error'],
  ['errors', 'stores'],
  ['error-format'],
  ['platform'],
  ['lib'],
  ['hints'],
  ['explain'],
  ['jose', 'http', 'guards'],
  ['options'],
  ['issuer'],
  ['token'],
  ['caller'],
  ['resource-server-types'],
  ['adapter-interface', 'framework-types'],
  ['framework-requests'],
  ['framework-callers', 'framework-steps'],
  ['framework'],
  ['sources'],
  ['assembly'],
  ['resource-server'],
  ['index'],
]
const rowOf = (place: string): number => order.findIndex((row) => row.includes(place))

/** Narrower than the order: what these places may import at most, of the folders below them. */
const atMost: Readonly<Record<string, readonly string[]>> = {
  options: [
    'types',
    'stores',
    'detail',
    'reasons',
    'algorithms',
    'errors',
    'error-format',
    'platform',
    'lib',
    'hints',
    'explain',
    'jose',
  ],
  issuer: [
    'types',
    'detail',
    'reasons',
    'algorithms',
    'errors',
    'platform',
    'lib',
    'hints',
    'explain',
    'jose',
    'options',
  ],
  token: [
    'types',
    'detail',
    'reasons',
    'algorithms',
    'errors',
    'platform',
    'lib',
    'hints',
    'explain',
    'jose',
    'options',
    'issuer',
  ],
}

describe('the direction of imports, types included', () => {
  it('knows a place for every file', () => {
    expect(core.map(placeOf).filter((place) => rowOf(place) === -1)).toEqual([])
  })

  it.each(core)('%s imports only what stands below it', (file) => {
    const place = placeOf(file)
    const wrong = importsOf(file)
      .filter((name) => code.has(name))
      .map(placeOf)
      .filter((other) => other !== place)
      .filter((other) => rowOf(other) >= rowOf(place) || atMost[place]?.includes(other) === false)
    expect(wrong).toEqual([])
  })

  it.each(core)('%s imports neither adapters nor the test issuer', (file) => {
    expect(importsOf(file).filter((name) => outside.test(name) || name.startsWith('oauth-'))).toEqual([])
  })

  it('goes in no circle', () => {
    const reachable = (file: string, seen = new Set<string>()): Set<string> => {
      for (const needed of importsOf(file)) {
        if (seen.has(needed)) continue
        seen.add(needed)
        if (code.has(needed)) reachable(needed, seen)
      }
      return seen
    }
    expect(files.filter((file) => reachable(file).has(file))).toEqual([])
  })

  it('uses the settings and limits of options in issuer and token as types alone', () => {
    const atRunTime = files
      .filter((file) => /^(?:issuer|token)\//.test(file))
      .filter((file) => needs(file).some((name) => name.startsWith('options/')))
    expect(atRunTime).toEqual([])
  })

  it('keeps what depends on a request out of what may be remembered', () => {
    const token = files.filter((file) => file.startsWith('token/'))
    expect(token.filter((file) => read(file).includes('HttpRequest'))).toEqual([])
  })

  it('puts the whole together in one file', () => {
    expect(files.filter((file) => importsOf(file).includes('assembly.ts'))).toEqual(['resource-server.ts'])
    expect(files.filter((file) => importsOf(file).includes('resource-server.ts'))).toEqual(['index.ts'])
  })

  it.each(files.filter((file) => file.startsWith('adapters/')))(
    '%s needs only the core, by the name of the package, at run time',
    (file) => {
      expect(
        needs(file).filter((name) => name !== 'oauth-resource-server' && !name.startsWith('adapters/')),
      ).toEqual([])
    },
  )

  it.each(files.filter((file) => file.startsWith('adapters/')))(
    '%s knows no framework but its own',
    (file) => {
      const foreign = importsOf(file).filter((name) => !/^(?:oauth-|node:|adapters\/)/.test(name))
      const [own = ''] = basename(file, '.ts').split('-')
      expect([...new Set(foreign)].filter((name) => !name.startsWith(own))).toEqual([])
    },
  )

  it.each(files.filter((file) => /^(?:mcp|redis)\//.test(file)))(
    '%s needs only the core, by the name of the package, and no client',
    (file) => {
      const foreign = importsOf(file).filter((name) => !name.startsWith(`${dirname(file)}/`))
      expect(foreign.filter((name) => name !== 'oauth-resource-server')).toEqual([])
    },
  )

  it.each(files.filter((file) => file.startsWith('testing/')))(
    '%s needs nothing but Node, its neighbours and the package by its name',
    (file) => {
      expect(
        needs(file).filter((name) => !/^(?:node:|testing\/|jose$|oauth-resource-server$)/.test(name)),
      ).toEqual([])
    },
  )
})

describe('what only one file may do', () => {
  it('callers are made where every check of the request has run', () => {
    expect(whoSays(/new VerifiedAuth\(/)).toEqual(['caller/accept.ts'])
    expect(whoSays(/new VerifiedToken\(/)).toEqual(['token/verified-token.ts'])
    expect(whoSays(/new ActiveAnswer\(/)).toEqual(['issuer/introspection-answer.ts'])
    expect(whoSays(/new CheckedAnswer\(/)).toEqual(['token/checked-answer.ts'])
    expect(whoSays(/new LogoutToken\(/)).toEqual(['token/logout-token.ts'])
    expect(whoSays(/new SignedToken\(/)).toEqual(['token/signed-token.ts'])
    expect(whoSays(/new PlausibleToken\(/)).toEqual(['token/plausible-token.ts'])
    expect(whoSays(/new AcceptableToken\(/)).toEqual(['token/plausible-token.ts'])
  })

  it('no value is declared to have passed a stage', () => {
    const stages =
      /\bas (?:unknown as )?(?:VerifiedAuth|VerifiedToken|SignedToken|LogoutToken|CheckedAnswer|ActiveAnswer|PlausibleToken|AcceptableToken|TokenSource)\b/
    expect(files.filter((file) => stages.test(read(file)))).toEqual([])
  })

  it('jose is needed where there is no node:crypto, and where something is signed or decrypted', () => {
    const [client, decrypt, web] = ['issuer/client-authentication.ts', 'jose/decrypt.ts', 'platform/web.ts']
    expect(whoNeeds('jose').filter((file) => !file.startsWith('testing/'))).toEqual([client, decrypt, web])
  })

  it('lru-cache is behind one small interface', () => {
    expect(whoNeeds('lru-cache')).toEqual(['lib/cache.ts'])
  })

  it('Node itself is behind the platform', () => {
    expect(core.filter((file) => needs(file).some((name) => name.startsWith('node:'))).map(placeOf)).toEqual([
      'platform',
    ])
  })

  it('options build no machine: no clock, cache, fetch or issuer', () => {
    const options = files.filter((file) => file.startsWith('options/'))
    const machines = /\b(?:systemClock|boundedCache|trustedIssuer|performance)\b|Date\.now\(/
    expect(whoSays(machines, options)).toEqual([])
  })

  it('the global fetch is a default of the assembly', () => {
    expect(whoSays(/globalThis\.fetch\(/)).toEqual(['assembly.ts'])
    // That one is handed its fetch.
    expect(whoSays(/(?<![.\w])fetch\(/)).toEqual(['issuer/fetch-json.ts'])
  })

  it('the environment is read in one place', () => {
    // The fake resource server refuses to work in production.
    const refuses = 'testing/fake-resource-server.ts'
    expect(whoSays(/\benv\b/, files)).toEqual(['options/environment.ts', refuses])
    // Not the word within a sentence, as messages have it.
    expect(whoSays(/\bprocess\b(?! [a-z])/, files).filter((file) => !file.startsWith('platform/'))).toEqual([
      'options/environment.ts',
      refuses,
    ])
  })

  it('nobody writes to the console', () => {
    expect(whoSays(/\bconsole\b/, files)).toEqual([])
  })

  it('challenges are written in one place', () => {
    expect(whoSays(/www-authenticate/i, files)).toEqual(['http/challenge.ts'])
  })

  it('the status of a refusal is decided in one place', () => {
    // The other file is about what an introspection endpoint answers.
    expect(whoSays(/\b(?:400|401|403)\b/)).toEqual(['errors.ts', 'issuer/endpoint-status.ts'])
    expect(whoSays(/\b503\b/)).toEqual(['errors.ts', 'http/challenge.ts'])
  })

  it('timers are set by the clock alone', () => {
    expect(whoSays(/\bset(?:Timeout|Interval|Immediate)\b|AbortSignal\.timeout/)).toEqual(['lib/clock.ts'])
  })
})

describe('the source', () => {
  const written = ['src', 'test', 'examples', 'bench'].flatMap((directory) =>
    filesIn(directory)
      .filter((file) => !file.includes('node_modules'))
      .map((file) => join(directory, file)),
  )

  it('has no invisible or bidirectional characters', () => {
    // Control and format characters, line and paragraph separators, and every space but the space.
    const invisible = /(?![\n ])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Zs}]/u
    expect(written.filter((file) => invisible.test(readFileSync(join(root, file), 'utf8')))).toEqual([])
  })

  it('has no file over 200 lines', () => {
    expect(files.filter((file) => read(file).split('\n').length > 201)).toEqual([])
  })
})

describe('the code of every warning', () => {
  const settings = ['OAUTH_ISSUER', 'OAUTH_AUDIENCE', 'OAUTH_JWKS_URI']

  it('is in docs/logging.md, and no other is', () => {
    const codesIn = (text: string): string[] => [...new Set(text.match(/\bOAUTH_[A-Z_]+/g))].sort()
    const written = [...code.values()].join('\n')
    expect(codesIn(readFileSync(join(root, 'docs/logging.md'), 'utf8'))).toEqual(
      codesIn(written).filter((name) => !settings.includes(name)),
    )
  })
})

describe('the exports', () => {
  interface Package {
    readonly exports: Record<string, unknown>
  }
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Package

  async function exportsOf(subpath: string): Promise<string> {
    const name = subpath.replace('.', 'oauth-resource-server')
    return Object.keys((await import(name)) as object)
      .sort()
      .join(' ')
  }

  it('are these, and adding one is a decision', async () => {
    const subpaths = Object.keys(manifest.exports).filter((subpath) => subpath !== './package.json')
    const found = await Promise.all(subpaths.map(async (subpath) => [subpath, await exportsOf(subpath)]))
    expect(Object.fromEntries(found)).toMatchInlineSnapshot(`
      {
        ".": "AuthError ForbiddenError InsufficientScopeError InsufficientUserAuthenticationError InvalidProofError InvalidRequestError InvalidTokenError MissingTokenError UpstreamError allOf anyOf anyRole anyScope asResourceServer authorizationDetails channelNames claim clientCertificate createResourceServer explain firstOf fromBody fromCookie fromHeader fromQuery hooksFor isAuthError not recentLogin replayStore replayStoreOn revocationList revocationListOn role scope",
        "./express": "authorize backChannelLogout getAuth getOptionalAuth protectedResourceMetadata requireAnyRole requireAnyScope requireAuthorizationDetails requireClaim requireRecentLogin requireRole requireScope verifyJwt",
        "./express/augment": "",
        "./fastify": "authenticate authorize backChannelLogout getAuth getOptionalAuth protectedResourceMetadata requireAnyRole requireAnyScope requireAuthorizationDetails requireClaim requireRecentLogin requireRole requireScope verifyJwt",
        "./fastify/augment": "",
        "./fetch": "authorize backChannelLogout getAuth getOptionalAuth protect protectedResourceMetadata requireAnyRole requireAnyScope requireAuthorizationDetails requireClaim requireRecentLogin requireRole requireScope verifyJwt",
        "./koa": "authorize backChannelLogout getAuth getOptionalAuth protectedResourceMetadata requireAnyRole requireAnyScope requireAuthorizationDetails requireClaim requireRecentLogin requireRole requireScope verifyJwt",
        "./koa/augment": "",
        "./mcp": "authInfo boundSession toolScopes",
        "./redis": "replayStore revocationList",
        "./testing": "createTestClock createTestIssuer fakeAuth fakeResourceServer traceOf",
      }
    `)
  })

  it('are the same on every adapter, with protect() on fetch and authenticate() on Fastify', async () => {
    const names = await exportsOf('./express')
    expect(await exportsOf('./koa')).toBe(names)
    expect((await exportsOf('./fastify')).replace('authenticate ', '')).toBe(names)
    expect((await exportsOf('./fetch')).replace(' protect', '')).toBe(names)
  })
})
