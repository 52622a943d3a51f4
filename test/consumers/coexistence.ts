// express-oauth2-jwt-bearer and the MCP SDK both declare a type for `req.auth`. The Express adapter declares none, so
// it compiles with either; `oauth-resource-server/express/augment` does not, and is for applications without them.
import assert from 'node:assert/strict'
import { cp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './process.ts'
import { compile, type Compiler, compilers } from './typescript.ts'
import type { Workspace } from './workspace.ts'

/** Compiles the project of that name with one version of the compiler. */
export type CoexistenceCheck = (compiler: Compiler, workspace: Workspace) => Promise<void>

const withJwtBearer: CoexistenceCheck = async (compiler, workspace) => {
  const errors = await errorsOf(compiler, workspace, 'bearer')
  for (const skipLibCheck of [false, true]) {
    assert.deepEqual(await errors(['old.ts', 'old-types.ts', 'ours.ts'], skipLibCheck), [])
  }
  // The same program apart from the opt-in: proves that a clash of types would be seen.
  const clash = await errors(['old.ts', 'old-types.ts', 'augmented.ts'], false)
  assert.match(clash.join('\n'), /^TS2717: .*'auth' must be of type 'VerifyJwtResult/)
}

const withMcp: CoexistenceCheck = async (compiler, workspace) => {
  const errors = await errorsOf(compiler, workspace, 'mcp')
  for (const skipLibCheck of [false, true]) {
    assert.deepEqual(await errors(['mcp.ts', 'ours.ts', 'ours-mcp.ts'], skipLibCheck), [])
  }
}

const withBoth: CoexistenceCheck = async (compiler, workspace) => {
  const errors = await errorsOf(compiler, workspace, 'both')
  // The two clash with each other in their own declarations; only what is new counts.
  const theirs = await errors(['old.ts', 'mcp.ts'], false)
  assert.deepEqual(await errors(['app.ts'], false), theirs)
  assert.deepEqual(await errors(['app.ts'], true), [])
  await run(process.execPath, [join('out', 'app.js')], {
    cwd: workspace.project(folderOf(compiler, 'both')),
  })
}

/** Every check, by what is compiled together with the Express adapter. */
export const coexistence: Readonly<Record<string, CoexistenceCheck>> = {
  'express-oauth2-jwt-bearer': withJwtBearer,
  'MCP SDK': withMcp,
  'express-oauth2-jwt-bearer and MCP SDK': withBoth,
}

type Errors = (files: readonly string[], skipLibCheck: boolean) => Promise<readonly string[]>

const folderOf = (compiler: Compiler, name: string): string => `coexistence ${compiler} ${name}`

async function errorsOf(compiler: Compiler, workspace: Workspace, name: string): Promise<Errors> {
  const cwd = workspace.project(folderOf(compiler, name))
  await cp(workspace.project('coexistence'), cwd, { recursive: true })
  await writeFile(join(cwd, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  const options = { module: 'nodenext', moduleResolution: 'nodenext' }
  return async (files, skipLibCheck) => {
    const folder = workspace.installed(compilers[compiler])
    return await compile(folder, cwd, files, { ...options, skipLibCheck }).then(
      () => [],
      (error: unknown) => messagesOf((error as Error).message),
    )
  }
}

/** Without places: TypeScript 7 checks in parallel, and reports one clash at one or at both declarations. */
function messagesOf(output: string): readonly string[] {
  const messages = [...output.matchAll(/error (TS\d+: .*)$/gm)].map(([, message = '']) => message)
  // What failed without an error of the compiler is a failure of the run itself.
  if (messages.length === 0) throw new Error(output)
  return [...new Set(messages)].sort()
}
