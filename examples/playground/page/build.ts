/** The page, bundled when the playground starts and served from memory. */
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { document } from './document.ts'

/** What the client's server serves. Nothing of it holds a value of a session, so it may be served to anyone. */
export interface Page {
  /** For `/`. It loads {@link paths}, and has neither inline script nor inline style. */
  readonly html: string
  readonly script: string
  readonly style: string
  /** SVG. */
  readonly icon: string
}

/** Where {@link Page.html} expects its script, its style and its icon. */
export const paths = { script: '/page.js', style: '/page.css', icon: '/icon.svg' } as const

/** Bundles the page. It takes some tens of milliseconds, and writes no file. */
export async function buildPage(): Promise<Page> {
  const { outputFiles } = await build({
    entryPoints: {
      page: fileURLToPath(new URL('main.tsx', import.meta.url)),
      style: fileURLToPath(new URL('style.css', import.meta.url)),
    },
    outdir: 'page',
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    logLevel: 'silent',
  })
  const text = (ending: string): string => outputFiles.find(({ path }) => path.endsWith(ending))?.text ?? ''
  const html = document({
    title: 'OAuth playground',
    head: `<link rel="icon" href="${paths.icon}">
<link rel="stylesheet" href="${paths.style}">
<script type="module" src="${paths.script}"></script>`,
    body: '<div id="page"><p class="loading">Loading the playground …</p></div>\n<noscript><p class="loading">This page needs JavaScript. The tour in the terminal does not: <code>npm run playground -- --tour</code></p></noscript>',
  })
  return { html, script: text('.js'), style: text('.css'), icon }
}

/** A key whose bit is a tick. */
const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#2a4d8f"/><circle cx="11" cy="16" r="5" fill="none" stroke="#fff" stroke-width="3"/><path d="M16 16h10m-3 0v5m-4-5v3" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round"/></svg>`
