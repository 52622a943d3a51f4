import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

const adapters = ['express', 'fastify', 'koa', 'fetch']
const formats = ['js', 'cjs']

/** An adapter translates and nothing more; what outgrows this has taken over work of the core. Bytes. */
const adapterLimit = 7680

/** Looks at an installed package for what a build can silently get wrong. */
export type ContentCheck = (packageFolder: string) => Promise<void>

const adaptersAreSmall: ContentCheck = async (folder) => {
  for (const { name, text } of await adapterBundles(folder)) {
    const size = Buffer.byteLength(text)
    assert.ok(size <= adapterLimit, `${name} has ${size} bytes; the limit is ${adapterLimit}`)
  }
}

const adaptersLeaveJoseAlone: ContentCheck = async (folder) => {
  for (const { name, text } of await adapterBundles(folder)) {
    assert.ok(!/\bjose\b/i.test(text), `${name} mentions jose`)
  }
}

const commonJsCarriesJose: ContentCheck = async (folder) => {
  for (const { name, text } of await bundles(folder)) {
    if (name.endsWith('.cjs')) assert.ok(!/require\(["']jose["']\)/.test(text), `${name} requires jose`)
  }
}

const codeIsNotMadeFromText: ContentCheck = async (folder) => {
  for (const { name, text } of await bundles(folder)) {
    assert.ok(!/\beval\(|\bnew Function\(/.test(text), `${name} makes code from text`)
  }
}

const sourceMapsNameTheirSources: ContentCheck = async (folder) => {
  for (const { name, text } of await bundles(folder)) {
    if (name.endsWith('.cjs')) continue
    assert.ok(text.includes(`//# sourceMappingURL=${name}.map`), `${name} names no source map`)
    const map = JSON.parse(await readFile(join(folder, 'dist', `${name}.map`), 'utf8')) as SourceMap
    // Modules that only augment types have no code to map.
    if (!name.includes('-augment.')) assert.ok(map.sources.length > 0, `${name}.map names no source`)
    for (const source of map.sources) {
      assert.ok(source.startsWith('../'), `${name}: ${source} is a path of the machine that built it`)
    }
    // The package would be twice as big. A stack trace needs file and line alone.
    assert.equal(map.sourcesContent, undefined, `${name}.map has the sources in it`)
  }
}

const tarballHoldsWhatPublishingNeeds: ContentCheck = async (folder) => {
  const names = new Set(await readdir(folder))
  for (const name of ['README.md', 'LICENSE', 'CHANGELOG.md', 'SECURITY.md', 'dist', 'package.json']) {
    assert.ok(names.has(name), `${name} is missing`)
  }
  for (const name of ['test', 'bench', 'examples', '.ci']) assert.ok(!names.has(name), `${name} is packed`)
}

/** Every check of the package's contents, by the sentence that is true when it passes. */
export const contentChecks: Readonly<Record<string, ContentCheck>> = {
  [`adapters are at most ${adapterLimit} bytes`]: adaptersAreSmall,
  'adapters leave jose alone': adaptersLeaveJoseAlone,
  'CommonJS carries its own jose': commonJsCarriesJose,
  'code is not made from text': codeIsNotMadeFromText,
  'source maps of ES modules name their sources': sourceMapsNameTheirSources,
  'tarball holds what publishing needs': tarballHoldsWhatPublishingNeeds,
}

interface SourceMap {
  readonly sources: readonly string[]
  readonly sourcesContent?: unknown
}

interface Bundle {
  readonly name: string
  readonly text: string
}

async function bundles(folder: string): Promise<readonly Bundle[]> {
  const names = (await readdir(join(folder, 'dist'))).filter((name) => /\.c?js$/.test(name))
  assert.ok(names.length > 0, 'nothing was built')
  return await Promise.all(names.map(async (name) => ({ name, text: await readBundle(folder, name) })))
}

async function adapterBundles(folder: string): Promise<readonly Bundle[]> {
  const names = adapters.flatMap((adapter) => formats.map((format) => `${adapter}.${format}`))
  return await Promise.all(names.map(async (name) => ({ name, text: await readBundle(folder, name) })))
}

function readBundle(folder: string, name: string): Promise<string> {
  return readFile(join(folder, 'dist', name), 'utf8')
}
