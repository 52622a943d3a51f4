import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { mistakesOf } from './support/compile-snippets.ts'
import { anchorsOf, type Block, blocksOf, pages, proseOf, root, textOf } from './support/markdown.ts'

const repository = 'https://github.com/oauth-resource-server/oauth-resource-server/blob/main/'
const blocks = pages.flatMap(blocksOf)
const inLanguage = (...languages: string[]): Block[] =>
  blocks.filter(({ language }) => languages.includes(language))
const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { scripts: object }

describe('the blocks of code in README, SECURITY, CONTRIBUTING and docs', () => {
  it('are in a language that is checked here', () => {
    const checked = ['ts', 'sh', 'yaml', 'json', 'http', 'text', 'dockerfile', 'nginx', 'mermaid']
    const others = blocks.filter(({ language }) => !checked.includes(language))
    expect(others.map(({ page, line, language }) => `${page}:${line} ${language}`)).toEqual([])
  })

  it('compile, complete as they are, where they are TypeScript', { timeout: 120_000 }, () => {
    expect(mistakesOf(inLanguage('ts'))).toEqual([])
  })

  it.each(inLanguage('sh'))('are commands a shell reads: $page:$line', ({ code }) => {
    execFileSync('bash', ['-n'], { input: code, stdio: 'pipe' })
    const named = [...code.matchAll(/\bnpm run ([\w:]+)/g)].map(([, script]) => script)
    expect(named.filter((script) => !Object.keys(scripts).includes(String(script)))).toEqual([])
  })

  it.each(inLanguage('yaml'))('are YAML that parses: $page:$line', ({ code }) => {
    expect(parseAllDocuments(code).flatMap(({ errors }) => errors)).toEqual([])
    const variables = [...code.matchAll(/\bOAUTH_\w+/g)].map(([name]) => name)
    const known = ['OAUTH_ISSUER', 'OAUTH_AUDIENCE', 'OAUTH_JWKS_URI']
    expect(variables.filter((name) => !known.includes(name))).toEqual([])
  })

  it.each(inLanguage('json'))('are JSON that parses: $page:$line', ({ code }) => {
    expect(JSON.parse(code)).toBeDefined()
  })

  it.each(inLanguage('http'))('are responses of HTTP: $page:$line', ({ code }) => {
    const [status, ...lines] = code.trimEnd().split('\n')
    expect(status).toMatch(/^HTTP\/1\.1 \d{3} [\w ]+$/)
    const [headers = '', body = '{}'] = lines.join('\n').split('\n\n')
    for (const header of headers.split('\n')) expect(header).toMatch(/^[\w-]+: \S.*$/)
    expect(JSON.parse(body)).toBeDefined()
  })
})

describe('the links of README, SECURITY, CONTRIBUTING and docs', () => {
  it.each(pages)('lead somewhere: %s', (page) => {
    const links = [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)
    const broken = links.filter((link) => {
      const ours = link.startsWith(repository) || !/^[a-z]+:/.test(link)
      if (!ours) return false
      const [path = '', anchor] = link.replace(repository, '').split('#')
      const target = link.startsWith(repository) ? path : path === '' ? page : join(dirname(page), path)
      if (!existsSync(root + target)) return true
      if (anchor === undefined) return false
      // Lines of code; test/playground/explained.test.ts checks which.
      const lines = /^L(\d+)-L(\d+)$/.exec(anchor)
      if (lines !== null) return Number(lines[2]) > textOf(target).split('\n').length
      return !anchorsOf(target).has(anchor)
    })
    expect(broken).toEqual([])
  })

  it('are absolute in what npm shows', () => {
    const links = [...proseOf('README.md').matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)
    expect(links.filter((link) => !/^(?:https:\/\/|#)/.test(link))).toEqual([])
  })
})

describe('README.md', () => {
  it('has 100 to 150 lines', () => {
    const lines = textOf('README.md').trimEnd().split('\n').length
    expect(lines).toBeGreaterThanOrEqual(100)
    expect(lines).toBeLessThanOrEqual(150)
  })
})

describe('docs/troubleshooting.md', () => {
  it('has a section for every reason', () => {
    const source = readFileSync(`${root}src/reasons.ts`, 'utf8')
    const reasons = [...source.matchAll(/^ {2}\| '(\w+)'$/gm)].map(([, reason = '']) => reason)
    expect(reasons).toContain('unavailable')
    const sections = anchorsOf('docs/troubleshooting.md')
    expect(reasons.filter((reason) => !sections.has(reason))).toEqual([])
  })
})
