import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const subject = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

it.each([
  ['D7 D8 types what users write without casts, and refuses what would not work', subject('types.test-d.ts')],
  ['lets no stage of the verification be skipped', subject('chain.test-d.ts')],
])('%s', { timeout: 60_000 }, (_what, file) => {
  const { config } = ts.readConfigFile(`${root}/tsconfig.json`, (path) => ts.sys.readFile(path)) as {
    config: unknown
  }
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
  const program = ts.createProgram([file], options)
  const found = ts.getPreEmitDiagnostics(program, program.getSourceFile(file))
  expect(
    found.map(({ file: at, start = 0, messageText }) => [
      at?.text.slice(0, start).split('\n').length,
      ts.flattenDiagnosticMessageText(messageText, '\n'),
    ]),
  ).toEqual([])
})
