// One guard must not bring the whole library along.
import assert from 'node:assert/strict'
import { build } from 'esbuild'

/** Bytes that each file of a bundle of this code takes. */
async function bytesOf(contents) {
  const { metafile } = await build({
    stdin: { contents, resolveDir: import.meta.dirname },
    bundle: true,
    format: 'esm',
    platform: 'node',
    minify: true,
    write: false,
    metafile: true,
  })
  const [{ inputs }] = Object.values(metafile.outputs)
  return (file) =>
    Object.entries(inputs)
      .filter(([path]) => path.includes(file))
      .reduce((sum, [, { bytesInOutput }]) => sum + bytesInOutput, 0)
}

const core = 'oauth-resource-server/dist/index.js'
const everything = await bytesOf(`import * as all from 'oauth-resource-server'; console.log(all)`)
const oneGuard = await bytesOf(`import { scope } from 'oauth-resource-server'; console.log(scope)`)
const nothing = await bytesOf(`import 'oauth-resource-server'`)

assert.ok(oneGuard(core) > 0)
assert.ok(oneGuard(core) < everything(core) / 10, `${oneGuard(core)} of ${everything(core)} bytes`)
assert.equal(oneGuard('/jose/'), 0)
assert.equal(nothing(''), 0)
