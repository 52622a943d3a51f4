// Mutation testing: `npm run mutation` for every file of the configuration, `npm run mutation -- src/lib/json.ts ...`
// for some. Results of a file are kept in coverage/, so that a second run tries what changed since.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const given = process.argv.slice(2)
const files = given.filter((argument) => !argument.startsWith('-'))
const options = given.filter((argument) => argument.startsWith('-'))

const { status } = spawnSync(
  'node_modules/.bin/stryker',
  [
    'run',
    'test/stryker.config.json',
    ...(files.length === 0 ? [] : ['--mutate', files.join(','), '--incremental']),
    ...options,
  ],
  { cwd: root, stdio: 'inherit' },
)
process.exitCode = status ?? 1
