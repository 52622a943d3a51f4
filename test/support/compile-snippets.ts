import { dirname } from 'node:path'
import ts from 'typescript'
import { type Block, root } from './markdown.ts'

/** Packages that declare types for every file of a program: what imports one is compiled without the other blocks. */
const declaresGlobally =
  /from '(?:express-oauth2-jwt-bearer|express-jwt|koa-jwt|@fastify\/jwt|passport(?:-jwt)?)'|\/augment'|declare (?:module|global)/

/** A block is a file. `// app.ts` in its first line is its name, by which other blocks of the page import it. */
function fileOf({ page, line, code }: Block): string {
  const folder = `${root}test/snippets/${page.replaceAll(/\W+/g, '-')}`
  const name = /^\/\/ (\S+\.ts)\n/.exec(code)?.[1] ?? `line-${line}.ts`
  return `${folder}/${name}`
}

function compilerOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(`${root}tsconfig.json`, (path) => ts.sys.readFile(path)) as {
    config: unknown
  }
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
  // What NestJS asks for.
  return { ...options, experimentalDecorators: true, emitDecoratorMetadata: true }
}

/** Compiles blocks of TypeScript against `src`. @returns one line per mistake */
export function mistakesOf(blocks: readonly Block[]): string[] {
  const options = compilerOptions()
  const host = ts.createCompilerHost(options)
  const files = new Map(blocks.map((block) => [fileOf(block), block]))
  if (files.size < blocks.length) return ['two blocks of a page have one name']

  const parsed = new Map<string, ts.SourceFile | undefined>()
  const disk = { ...host }
  const names = [...files.keys()]
  const folders = new Set(names.map((name) => dirname(name)))
  host.directoryExists = (name) => folders.has(name) || ts.sys.directoryExists(name)
  host.fileExists = (name) => files.has(name) || disk.fileExists(name)
  host.readFile = (name) => files.get(name)?.code ?? disk.readFile(name)
  host.getSourceFile = (name, version, ...rest) => {
    const block = files.get(name)
    if (!parsed.has(name)) {
      parsed.set(
        name,
        block === undefined
          ? disk.getSourceFile(name, version, ...rest)
          : ts.createSourceFile(name, block.code, version),
      )
    }
    return parsed.get(name)
  }

  const alone = names.filter((name) => declaresGlobally.test(files.get(name)?.code ?? ''))
  const together = names.filter((name) => !alone.includes(name))
  return [together, ...alone.map((name) => [name])].flatMap((rootNames) => {
    const program = ts.createProgram(rootNames, options, host)
    return rootNames.flatMap((name) =>
      ts
        .getPreEmitDiagnostics(program, program.getSourceFile(name))
        .map(({ file, start = 0, messageText }) => {
          const { page, line } = files.get(name) as Block
          const at = line + (file?.getLineAndCharacterOfPosition(start).line ?? 0)
          return `${page}:${at} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
        }),
    )
  })
}
