import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const src = join(root, 'src')

function filesIn(directory: string): string[] {
  return readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .sort()
}

/** What is left of each file when it runs: no types, no comments. */
const code = new Map(
  filesIn('src').map((file) => [
    file,
    ts.transpileModule(readFileSync(join(src, file), 'utf8'), {
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
const core = files.filter((file) => !/^(?:adapters|testing)\//.test(file))

/** Where a file gets what it needs at run time: packages by name, our own files by path within `src`. */
function needs(file: string): string[] {
  const named = [...String(code.get(file)).matchAll(/(?:from|import|require\()\s*\(?\s*['"]([^'"]+)['"]/g)]
  return named.map(([, name = '']) => (name.startsWith('.') ? join(dirname(file), name) : name))
}

/** Everything a file needs, directly or not. */
function needsInAll(file: string, seen = new Set<string>()): Set<string> {
  for (const needed of needs(file)) {
    if (seen.has(needed)) continue
    seen.add(needed)
    if (code.has(needed)) needsInAll(needed, seen)
  }
  return seen
}

const whoNeeds = (name: string): string[] => files.filter((file) => needs(file).includes(name))
const whoSays = (text: RegExp, among = core): string[] =>
  among.filter((file) => text.test(String(code.get(file))))

describe('the direction of imports', () => {
  it.each(files.filter((file) => file.startsWith('adapters/')))(
    '%s needs only the core, by the name of the package, at run time',
    (file) => {
      expect(new Set(needs(file))).toEqual(new Set(['oauth-resource-server']))
    },
  )

  it.each(files.filter((file) => file.startsWith('adapters/')))(
    '%s knows no framework but its own',
    (file) => {
      const imported = ts.preProcessFile(readFileSync(join(src, file), 'utf8')).importedFiles
      const foreign = imported
        .map(({ fileName }) => fileName)
        .filter((name) => !/^(?:oauth-|node:)/.test(name))
      expect([...new Set(foreign)]).toEqual(file === 'adapters/fetch.ts' ? [] : [basename(file, '.ts')])
    },
  )

  it.each(files.filter((file) => file.startsWith('testing/')))(
    '%s needs nothing but Node and its neighbours',
    (file) => {
      expect(needs(file).filter((name) => !/^(?:node:|testing\/|jose$)/.test(name))).toEqual([])
    },
  )

  it.each(core)('%s needs neither adapters nor the test issuer', (file) => {
    expect(needs(file).filter((name) => /^(?:adapters|testing)\/|^oauth-resource-server/.test(name))).toEqual(
      [],
    )
  })

  it.each(['types.ts', 'errors.ts'])('%s needs nothing', (file) => {
    expect(needs(file)).toEqual([])
  })

  it.each([
    'http/challenge.ts',
    'http/credentials.ts',
    'token/claims.ts',
    'guards/scope.ts',
    'guards/role.ts',
    'guards/claim.ts',
    'guards/combined.ts',
  ])('%s is far from the network', (file) => {
    const distant = /^(?:issuer\/.*|token\/jwt|resource-server)\.ts$/
    expect([...needsInAll(file)].filter((name) => distant.test(name))).toEqual([])
  })

  it('goes round in no circle', () => {
    expect(files.filter((file) => needsInAll(file).has(file))).toEqual([])
  })

  it('puts the whole together in one file', () => {
    expect(whoNeeds('token/jwt.ts')).toEqual(['resource-server.ts'])
    expect(whoNeeds('resource-server.ts')).toEqual(['index.ts'])
  })
})

describe('what only one file may do', () => {
  it('jose is needed where there is no node:crypto', () => {
    expect(whoNeeds('jose').filter((file) => !file.startsWith('testing/'))).toEqual(['platform/web.ts'])
  })

  it('lru-cache is behind one small interface', () => {
    expect(whoNeeds('lru-cache')).toEqual(['lib/cache.ts'])
  })

  it('Node itself is behind the platform', () => {
    expect(core.filter((file) => needs(file).some((name) => name.startsWith('node:')))).toEqual([
      'platform/node.ts',
    ])
  })

  it('the global fetch is a default of the assembly', () => {
    expect(whoSays(/globalThis\.fetch\(/)).toEqual(['assembly.ts'])
    // That one is handed its fetch.
    expect(whoSays(/(?<![.\w])fetch\(/)).toEqual(['issuer/fetch-json.ts'])
  })

  it('the environment is read in one place', () => {
    expect(whoSays(/\bprocess\b/, files)).toEqual(['options/environment.ts', 'platform/node.ts'])
    expect(whoSays(/\benv\b/, files)).toEqual(['options/environment.ts'])
  })

  it('nobody writes to the console', () => {
    expect(whoSays(/\bconsole\b/, files)).toEqual([])
  })

  it('challenges are written in one place', () => {
    expect(whoSays(/www-authenticate/i, files)).toEqual(['http/challenge.ts'])
  })

  it('the status of a refusal is decided in one place', () => {
    expect(whoSays(/\b(?:400|401|403)\b/)).toEqual(['errors.ts'])
    expect(whoSays(/\b503\b/)).toEqual(['errors.ts', 'http/challenge.ts'])
  })

  it('no timer is set but by the clock', () => {
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
        ".": "AuthError ForbiddenError InsufficientScopeError InvalidRequestError InvalidTokenError MissingTokenError UpstreamError allOf anyOf anyRole anyScope asResourceServer channelNames claim createResourceServer firstOf fromBody fromHeader fromQuery hooksFor isAuthError not role scope",
        "./express": "authorize getAuth getOptionalAuth requireAnyRole requireAnyScope requireClaim requireRole requireScope verifyJwt",
        "./fastify": "authenticate authorize getAuth getOptionalAuth requireAnyRole requireAnyScope requireClaim requireRole requireScope verifyJwt",
        "./fetch": "authorize getAuth getOptionalAuth protect requireAnyRole requireAnyScope requireClaim requireRole requireScope verifyJwt",
        "./koa": "authorize getAuth getOptionalAuth requireAnyRole requireAnyScope requireClaim requireRole requireScope verifyJwt",
        "./testing": "createTestClock createTestIssuer",
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
