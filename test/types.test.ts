import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const subject = fileURLToPath(new URL('types.test-d.ts', import.meta.url))

it('types what users write without casts, and refuses what would not work', { timeout: 60_000 }, () => {
  const { config } = ts.readConfigFile(`${root}/tsconfig.json`, (path) => ts.sys.readFile(path)) as {
    config: unknown
  }
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
  const program = ts.createProgram([subject], options)
  const found = ts.getPreEmitDiagnostics(program, program.getSourceFile(subject))
  expect(
    found.map(({ file, start = 0, messageText }) => [
      file?.text.slice(0, start).split('\n').length,
      ts.flattenDiagnosticMessageText(messageText, '\n'),
    ]),
  ).toEqual([])
})
