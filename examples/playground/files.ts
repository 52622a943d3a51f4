import { buildPage, paths } from './page/build.ts'

/** Files in memory, by path, each with its media type. */
export type Files = Readonly<Record<string, { readonly type: string; readonly content: string }>>

/** Bundles the page. Nothing is written to disk. */
export async function pageFiles(): Promise<Files> {
  const { html, script, style, icon } = await buildPage()
  return {
    '/': { type: 'html', content: html },
    [paths.script]: { type: 'js', content: script },
    [paths.style]: { type: 'css', content: style },
    [paths.icon]: { type: 'svg', content: icon },
  }
}
