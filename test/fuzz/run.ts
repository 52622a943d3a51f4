import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

// `npm run fuzz -- --minutes 10 --seed 7`: both engines side by side, each with a corpus of its own.
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
})
const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const engines = { node: here('../../tsconfig.json'), web: here('tsconfig.web.json') }

const codes = await Promise.all(
  Object.entries(engines).map(
    ([engine, tsconfig]) =>
      new Promise<number>((resolve) => {
        const guided = [here('guided.ts'), engine, values.minutes, values.seed]
        spawn(process.execPath, ['--import', 'tsx', ...guided], {
          stdio: 'inherit',
          env: { ...process.env, TSX_TSCONFIG_PATH: tsconfig },
        }).once('exit', (code) => resolve(code ?? 1))
      }),
  ),
)
process.exitCode = Math.max(...codes)
