import { readdirSync, readFileSync } from 'node:fs'
import { defineConfig, type TestProjectConfiguration } from 'vitest/config'
import { shared } from './vitest.shared.ts'

/** The mirror of `src`, one file of tests for one of code, and the rules on who imports whom. */
const unit = [
  'test/{caller,guards,hints,http,issuer,jose,lib,options,platform,testing,token}/**/*.test.ts',
  'test/{architecture,descriptions,detail,errors,explain,framework,resource-server,sources,stores}.test.ts',
  'test/mcp/{auth-info,bound-session,messages,tool-scopes}.test.ts',
  'test/redis/{client,exact,follow,index,keys,state}.test.ts',
]
/** What takes long because it tries much, or starts much: chance, load, other programs, and the compiler. */
const assurance = [
  'test/{browser,fuzz,playground,properties,soak,vectors}/**/*.test.ts',
  'test/issuer/{dynamic-issuers,faults,invariants,process,waiting-requests}.test.ts',
  'test/redis/{cluster,connection,dpop-processes,exact-server,faults,follow-model,follow-server,scripts}.test.ts',
  'test/attacks/{authorization,availability,base64url,crash,http,json,keys,signature,stores}.test.ts',
  'test/every-adapter/{availability,faults,thrown-values}.test.ts',
  'test/clinic/mistakes.test.ts',
  'test/mcp/registrations.test.ts',
  'test/{cookie-recipes,demo,mtls-proxies,node-debug,oidc-provider*,sender-examples}.test.ts',
  'test/{types,type-messages,snippets,testing-guide}.test.ts',
]
const never = ['test/consumers/**', '**/node_modules/**']

/** Files of tests that say this. */
function filesWith(text: RegExp): string[] {
  return readdirSync(new URL('.', import.meta.url), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts') && !file.startsWith('consumers'))
    .filter((file) => text.test(readFileSync(new URL(file, import.meta.url), 'utf8')))
    .map((file) => `test/${file.replaceAll('\\', '/')}`)
}
/** Files that put something else in place of a module of ours, which no other file may get to see. */
const replacing = filesWith(/\bvi\.(?:mock|doMock|resetModules)\(/)

function project(
  name: string,
  {
    include = ['test/**/*.test.ts'],
    exclude = [] as string[],
    ...test
  }: Record<string, unknown> & {
    include?: string[]
    exclude?: string[]
  },
): TestProjectConfiguration {
  return { extends: true, test: { name, include, exclude: [...never, ...exclude], ...test } }
}

// `npm test` runs unit and contract, `npm run test:all` everything, with the mode `thorough`.
export default defineConfig(({ mode }) => {
  // The tests that try something at random do so more often.
  const thorough = mode === 'thorough' ? { provide: { thorough: true }, testTimeout: 120_000 } : {}
  return {
    ...shared,
    test: {
      pool: 'threads',
      // Vitest alone would leave one core idle, which is half of a small machine.
      maxWorkers: '100%',
      // Nothing here takes long by itself; a busy machine does.
      testTimeout: 20_000,
      hookTimeout: 30_000,
      projects: [
        // Modules are loaded once for all files: loading them takes longer than most of these tests.
        project('unit', {
          include: unit,
          exclude: [...replacing, ...assurance],
          isolate: false,
          ...thorough,
        }),
        // Every other file: what users are promised, by adapter, attack and specification.
        project('contract', { exclude: [...unit, ...replacing, ...assurance], isolate: false, ...thorough }),
        project('replacing modules', {
          include: [...replacing, 'examples/testing/vitest/*.test.ts'],
          exclude: assurance,
          ...thorough,
        }),
        project('assurance', {
          include: assurance,
          provide: { thorough: true },
          testTimeout: 120_000,
          // Half of their time they wait for other programs.
          maxWorkers: 3,
          // Vitest asks for it where projects differ in their workers.
          sequence: { groupOrder: 1 },
        }),
      ],
      // Enforced by `npm run coverage` and .ci/run, which run everything.
      coverage: {
        provider: 'v8',
        include: ['src/**/*.ts'],
        exclude: ['src/types.ts', 'src/platform/types.ts'],
        reporter: ['text', 'html'],
        thresholds: { statements: 98.2, branches: 97, functions: 98, lines: 98.8 },
      },
    },
  }
})
