import assert from 'node:assert/strict'
import { subpaths, verifyTokens } from './scenario.cjs'

const modules = subpaths().map(async ([name, path]) => [name, await import(path)])
const library = Object.fromEntries(await Promise.all(modules))
for (const [name, { default: unwanted, ...names }] of Object.entries(library)) {
  // Those that add a type have nothing at run time.
  assert.equal(
    Object.keys(names).length === 0,
    name.endsWith('/augment'),
    `${name} exports ${Object.keys(names)}`,
  )
  assert.equal(unwanted, undefined, `${name} has a default export`)
}

await verifyTokens(library)
