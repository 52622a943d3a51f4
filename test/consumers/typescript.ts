import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './process.ts'
import type { Workspace } from './workspace.ts'

interface TypeScriptSetup {
  readonly name: string
  /** `type` of the package.json, which decides what a `.ts` file becomes under Node's own resolutions. */
  readonly type: 'module' | 'commonjs'
  readonly module: string
  readonly moduleResolution: string
}

/** The resolutions in use, for both kinds of module where a resolution knows both. */
export const typeScriptSetups: readonly TypeScriptSetup[] = [
  { name: 'nodenext ESM', type: 'module', module: 'nodenext', moduleResolution: 'nodenext' },
  { name: 'nodenext CommonJS', type: 'commonjs', module: 'nodenext', moduleResolution: 'nodenext' },
  { name: 'node16 ESM', type: 'module', module: 'node16', moduleResolution: 'node16' },
  { name: 'node16 CommonJS', type: 'commonjs', module: 'node16', moduleResolution: 'node16' },
  { name: 'bundler', type: 'module', module: 'esnext', moduleResolution: 'bundler' },
  { name: 'node10', type: 'commonjs', module: 'commonjs', moduleResolution: 'node10' },
]

/** Compiles the same API under a set-up, the library's declarations included, and runs what came out. */
export async function compileAndRun(
  { name, type, module, moduleResolution }: TypeScriptSetup,
  { project, installed }: Workspace,
): Promise<void> {
  const cwd = project(`typescript ${name}`)
  await mkdir(cwd)
  await cp(project('typescript'), cwd, { recursive: true })
  await writeFile(join(cwd, 'package.json'), JSON.stringify({ private: true, type }))
  const compilerOptions = {
    module,
    moduleResolution,
    target: 'es2022',
    // Without DOM: what declares a web Request on a server is Node's types.
    lib: ['es2022'],
    types: ['node'],
    strict: true,
    esModuleInterop: true,
    skipLibCheck: false,
    outDir: 'out',
  }
  // One program each: what one of them adds to the types of a framework, the other must not see.
  for (const file of ['api.ts', 'augmented.ts']) {
    await writeFile(join(cwd, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: [file] }))
    await run(process.execPath, [join(installed('typescript'), 'bin', 'tsc'), '--project', '.'], { cwd })
  }
  await run(process.execPath, [join('out', 'api.js')], { cwd })
}
