import { writeFileSync } from 'node:fs'
import { makeVectors } from './make.ts'
import { textOf } from './text.ts'

writeFileSync(new URL('vectors.json', import.meta.url), await textOf(makeVectors()))
