import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Where completions are asked for. */
export const cursor = '/* cursor */'

/** A mistake the compiler found. */
export interface Mistake {
  /** From 1. */
  readonly line: number
  /** The code it underlines. */
  readonly underlined: string
  readonly message: string
}

/** What an editor shows for some files, by name, which exist in memory only. */
export interface Editor {
  readonly mistakes: (name: string) => Mistake[]
  /** Names that are offered where a file has the comment {@link cursor}. */
  readonly completions: (name: string) => string[]
}

/** Compiles files against `src`, all in one program: reading the types of a framework takes longer than the rest. */
export function editorOf(codes: Readonly<Record<string, string>>): Editor {
  const pathOf = (name: string): string => `${root}test/in-memory/${name}`
  const files = new Map(Object.entries(codes).map(([name, code]) => [pathOf(name), code]))
  const { config } = ts.readConfigFile(`${root}tsconfig.json`, (path) => ts.sys.readFile(path)) as {
    config: unknown
  }
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
  const service = ts.createLanguageService({
    getCompilationSettings: () => options,
    getCurrentDirectory: () => root,
    getDefaultLibFileName: (given) => ts.getDefaultLibFilePath(given),
    getScriptFileNames: () => [...files.keys()],
    getScriptVersion: () => '1',
    getScriptSnapshot(path) {
      const code = files.get(path) ?? ts.sys.readFile(path)
      return code === undefined ? undefined : ts.ScriptSnapshot.fromString(code)
    },
    fileExists: (path) => files.has(path) || ts.sys.fileExists(path),
    readFile: (path) => files.get(path) ?? ts.sys.readFile(path),
    readDirectory: (...given) => ts.sys.readDirectory(...given),
    directoryExists: (path) => ts.sys.directoryExists(path),
    getDirectories: (path) => ts.sys.getDirectories(path),
  })
  return {
    mistakes(name) {
      const path = pathOf(name)
      const code = files.get(path) ?? ''
      return [...service.getSyntacticDiagnostics(path), ...service.getSemanticDiagnostics(path)].map(
        ({ start = 0, length = 0, messageText }) => ({
          line: code.slice(0, start).split('\n').length,
          underlined: code.slice(start, start + length),
          message: ts.flattenDiagnosticMessageText(messageText, '\n'),
        }),
      )
    },
    completions(name) {
      const at = (codes[name] ?? '').indexOf(cursor)
      const found = service.getCompletionsAtPosition(pathOf(name), at, undefined)
      return (found?.entries ?? []).map((entry) => entry.name)
    },
  }
}
