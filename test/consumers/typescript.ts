import { cp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './process.ts'
import type { Workspace } from './workspace.ts'

interface TypeScriptSetup {
  readonly name: string
  /** `type` of the package.json, which decides what a `.ts` file becomes under Node's own resolutions. */
  readonly type: 'module' | 'commonjs'
  readonly module: string
  readonly moduleResolution: string
  /** @default every version */
  readonly compilers?: readonly Compiler[]
}

/** Every version of the compiler that a consumer may have, and the package it is installed as. */
export const compilers = { '5.9': 'typescript', '7': 'typescript-7' } as const

export type Compiler = keyof typeof compilers

/** The resolutions in use, for both kinds of module where a resolution knows both. */
export const typeScriptSetups: readonly TypeScriptSetup[] = [
  { name: 'nodenext ESM', type: 'module', module: 'nodenext', moduleResolution: 'nodenext' },
  { name: 'nodenext CommonJS', type: 'commonjs', module: 'nodenext', moduleResolution: 'nodenext' },
  { name: 'node16 ESM', type: 'module', module: 'node16', moduleResolution: 'node16' },
  { name: 'node16 CommonJS', type: 'commonjs', module: 'node16', moduleResolution: 'node16' },
  { name: 'bundler', type: 'module', module: 'esnext', moduleResolution: 'bundler' },
  // TypeScript 7 has removed it.
  {
    name: 'node10',
    type: 'commonjs',
    module: 'commonjs',
    moduleResolution: 'node10',
    compilers: ['5.9'],
  },
]

/** Compiles the same API under a set-up, the library's declarations included, and runs what came out. */
export async function compileAndRun(
  { name, type, module, moduleResolution }: TypeScriptSetup,
  compiler: Compiler,
  { project, installed }: Workspace,
): Promise<void> {
  const cwd = project(`typescript ${compiler} ${name}`)
  await cp(project('typescript'), cwd, { recursive: true })
  await writeFile(join(cwd, 'package.json'), JSON.stringify({ private: true, type }))
  // One program each: what one of them adds to the types of a framework, the other must not see.
  for (const file of ['api.ts', 'augmented.ts']) {
    const options = { module, moduleResolution, skipLibCheck: false }
    await compile(installed(compilers[compiler]), cwd, [file], options)
  }
  await run(process.execPath, [join('out', 'api.js')], { cwd })
}

/** What differs between the programs. */
export interface CompilerOptions {
  readonly module: string
  readonly moduleResolution: string
  readonly skipLibCheck: boolean
}

/**
 * Compiles some files of a project to its folder `out`.
 *
 * @throws {Error} with what the compiler wrote, when it reports an error
 */
export async function compile(
  compilerFolder: string,
  cwd: string,
  files: readonly string[],
  options: CompilerOptions,
): Promise<void> {
  const compilerOptions = {
    ...options,
    target: 'es2022',
    // Without DOM: what declares a web Request on a server is Node's types.
    lib: ['es2022'],
    types: ['node'],
    strict: true,
    esModuleInterop: true,
    outDir: 'out',
  }
  await writeFile(join(cwd, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }))
  const program = join(compilerFolder, 'bin', 'tsc')
  await run(process.execPath, [program, '--project', '.', '--pretty', 'false'], { cwd })
}
