import { existsSync } from 'node:fs'
import { defineConfig } from 'vitest/config'
import { shared } from './vitest.shared.ts'

/** What the tests of each folder of `src` are joined by in the last round, for mutants that survived the others. */
const wide: Readonly<Record<string, readonly string[]>> = {
  token: [
    'attacks/{claims,type,structure,header,critical,algorithms,json,base64url}',
    'rfc/tokens',
    'vectors/**/*',
  ],
  caller: ['attacks/{claims,authorization}', 'rfc/http', 'adapters/*', 'every-adapter/outcomes'],
  guards: ['attacks/authorization', 'properties/{guards,authorization,matching}', 'every-adapter/outcomes'],
  issuer: ['attacks/{availability,discovery,keys}', 'rfc/{network,keys}', 'options/*'],
  options: ['attacks/{configuration,keys,algorithms}', 'rfc/configuration', 'jose/*'],
  lib: [
    'attacks/{json,discovery,http,authorization}',
    'properties/json',
    '{caller,guards,issuer,options,token}/*',
  ],
  http: ['attacks/http', 'rfc/http', 'properties/challenge', 'every-adapter/outcomes', 'caller/*'],
  jose: [
    'attacks/{keys,signature,structure,header,base64url}',
    'rfc/keys',
    'vectors/**/*',
    'options/*',
    'token/*',
  ],
  platform: ['attacks/signature', 'vectors/**/*', 'jose/*', 'issuer/configured-keys'],
  '': ['adapters/*', 'every-adapter/{outcomes,thrown-values}', 'caller/*', 'attacks/authorization'],
}
const always = ['{detail,errors,framework,resource-server}', 'testing/trace']
/** Starts processes or servers of its own, or takes seconds for each mutant. */
const never = [
  'attacks/crash',
  ...['invariants', 'process', 'faults'].map((name) => `issuer/${name}`),
  ...['client', 'mcp', 'registrations'].map((name) => `mcp/${name}`),
  ...['cluster', 'connection', 'dpop-processes', 'exact-server', 'faults', 'follow-server', 'scripts'].map(
    (name) => `redis/${name}`,
  ),
]

/** Set by test/mutation.ts: the mutated files, separated by commas, and the round. */
const { MUTATED = '', MUTATION_ROUND = 'all' } = process.env

function testsOf(file: string): readonly string[] {
  const [, folder = '', name = ''] = /^src\/(?:(\w+)\/)?([\w-]+)\.ts$/.exec(file) ?? []
  const mirror = folder === '' ? name : `${folder}/${name}`
  const own = folder === '' ? always : [`${folder}/*`, ...always]
  const isOwnTest = !never.includes(mirror) && existsSync(new URL(`${mirror}.test.ts`, import.meta.url))
  if (MUTATION_ROUND === 'mirror' && isOwnTest) return [mirror]
  if (MUTATION_ROUND !== 'all') return own
  return [...own, ...(wide[folder] ?? [])]
}

export default defineConfig({
  ...shared,
  test: {
    include: [...new Set(MUTATED.split(',').flatMap(testsOf))].map((tests) => `test/${tests}.test.ts`),
    exclude: never.map((tests) => `test/${tests}.test.ts`),
    pool: 'threads',
    // Loading modules takes longer than most tests.
    isolate: false,
    // A mutant that hangs is killed by its test: for Stryker itself that takes longer, and a new process.
    testTimeout: 5000,
  },
})
