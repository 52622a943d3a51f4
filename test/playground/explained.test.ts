import { readFileSync } from 'node:fs'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launch, type Launched } from '../../examples/playground/launch.ts'
import { mermaidOf } from '../../examples/playground/mermaid.ts'
import type { Exchange } from '../../examples/playground/protocol.ts'
import { root } from '../support/markdown.ts'
import { openBrowser } from './browser.ts'

const page = `${root}docs/oauth-explained.md`

/** `code` in a link to lines of a file: a name that is defined there, or text of its first line. */
const linkToLines = /\[`([^`\]]+)`\]\(\.\.\/(examples\/playground\/[\w/.-]+)#L\d+-L\d+\)/g

/** The lines of the outermost statement, or of the narrowest node, that begins with a text. */
function linesOf(file: string, what: string): string {
  const source = ts.createSourceFile(file, readFileSync(root + file, 'utf8'), ts.ScriptTarget.ESNext, true)
  // A name of something that is defined, or any other text of the code.
  const defined = /^\w+$/.test(what) ? new RegExp(`\\b(?:function|const|interface) ${what}\\b`) : /(?!)/
  let found: ts.Node | undefined
  const look = (node: ts.Node): void => {
    if (found !== undefined) return
    const isNamed = ts.isStatement(node) && defined.test(node.getText().split('\n')[0] ?? '')
    if (isNamed || (!ts.isSourceFile(node) && node.getText().startsWith(what))) found = node
    else ts.forEachChild(node, look)
  }
  look(source)
  if (found === undefined) return 'not found'
  const line = (position: number): number => source.getLineAndCharacterOfPosition(position).line + 1
  return `#L${line(found.getStart())}-L${line(found.getEnd())}`
}

let playground: Launched
const diagrams = new Map<string, string>()

beforeAll(async () => {
  playground = await launch({ port: 0 })
  const alice = openBrowser(playground)
  const all = await alice.signIn('alice', 'wonderland')
  const signIn = all.recording.filter(isPartOf(['/login', '/auth', '/sign-in', '/callback', '/token']))
  diagrams.set('sign-in', mermaidOf(signIn))
  const { exchanges } = await alice.act('call', { api: 'Express', route: 'GET /reports' })
  diagrams.set('call', mermaidOf(exchanges))
  const last = exchanges.at(-1)?.number ?? 0
  await alice.signOut()
  const { recording } = await alice.state()
  const signOut = recording.filter(({ number }) => number > last)
  diagrams.set(
    'sign-out',
    mermaidOf(signOut.filter(isPartOf(['/logout', '/session', '/backchannel-logout']))),
  )
})
afterAll(() => playground.close())

function isPartOf(paths: readonly string[]): (exchange: Exchange) => boolean {
  return ({ target }) => paths.some((path) => target.startsWith(path))
}

describe('docs/oauth-explained.md', () => {
  it('links to the lines it speaks of, and draws what was recorded (vitest -u writes both)', async () => {
    const text = readFileSync(page, 'utf8')
    const linked = text.replaceAll(linkToLines, (_link, what: string, file: string) => {
      return `[\`${what}\`](../${file}${linesOf(file, what)})`
    })
    const drawn = linked.replaceAll(
      /(<!-- recorded: ([\w-]+) -->\n\n)```mermaid\n[\s\S]*?```/g,
      (_block, head: string, name: string) => `${head}\`\`\`mermaid\n${diagrams.get(name) ?? 'none'}\n\`\`\``,
    )
    expect(drawn).not.toMatch(/not found|\nnone\n/)
    await expect(drawn).toMatchFileSnapshot(page)
  })

  it('has a link to lines in every section', () => {
    const sections = readFileSync(page, 'utf8').split(/^## /m).slice(1)
    const without = sections.filter((section) => [...section.matchAll(linkToLines)].length === 0)
    expect(without.map((section) => section.split('\n')[0])).toEqual(['Try it', 'Further reading'])
  })
})
