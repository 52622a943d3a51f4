import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Path of the repository, with a slash at the end. */
export const root = fileURLToPath(new URL('../..', import.meta.url))

/** A block of code in a page. */
export interface Block {
  /** Path of the page within the repository. */
  readonly page: string
  readonly language: string
  /** Line of the page on which the code begins, counted from 1. */
  readonly line: number
  readonly code: string
}

/** Every page that users read: README, SECURITY, CONTRIBUTING and docs. */
export const pages: readonly string[] = [
  'README.md',
  'SECURITY.md',
  'CONTRIBUTING.md',
  ...readdirSync(`${root}docs`, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file.replaceAll('\\', '/')}`)
    .sort(),
]

/** The text of a page. */
export const textOf = (page: string): string => readFileSync(root + page, 'utf8')

/** The blocks of code of a page. A fence may be indented, as in a list. */
export function blocksOf(page: string): Block[] {
  const found = textOf(page).matchAll(/^([ \t]*)```(.*)\n([\s\S]*?)^\1```$/gm)
  return [...found].map(({ index, input, 1: indent = '', 2: language = '', 3: code = '' }) => ({
    page,
    language: language.trim(),
    line: input.slice(0, index).split('\n').length + 1,
    code: code.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  }))
}

/** The text of a page without its blocks of code. */
export const proseOf = (page: string): string =>
  textOf(page).replaceAll(/^[ \t]*```[\s\S]*?^[ \t]*```$/gm, '')

/** Anchors of a page, as GitHub makes them from headings. */
export function anchorsOf(page: string): Set<string> {
  const headings = proseOf(page).matchAll(/^#+ (.*)$/gm)
  const words = [...headings].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  )
  return new Set(words)
}
