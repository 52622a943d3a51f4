const assert = require('node:assert/strict')
const { subpaths, verifyTokens } = require('./scenario.cjs')

const library = Object.fromEntries(subpaths().map(([name, path]) => [name, require(path)]))
for (const [name, { default: unwanted, ...names }] of Object.entries(library)) {
  // Those that add a type have nothing at run time.
  assert.equal(
    Object.keys(names).length === 0,
    name.endsWith('/augment'),
    `${name} exports ${Object.keys(names)}`,
  )
  assert.equal(unwanted, undefined, `${name} has a default export`)
}
// A consumer's own jose is its own business; this build must not look for one.
assert.ok(!Object.keys(require.cache).some((file) => /[\\/]jose[\\/]/.test(file)))

verifyTokens(library).catch((error) => {
  console.error(error)
  process.exitCode = 1
})
