import { readFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { transformSync } from 'esbuild'
import { document, escape } from '../page/document.ts'
import type { AttackView } from '../protocol.ts'
import { attacks } from './attacks.ts'

/** @see otherSite */
export interface OtherSiteOptions {
  /** Origin of the client, which is attacked. */
  readonly client: string
  /** What the client's server saw of the attacks. A real attacker would not know. */
  readonly seen: () => readonly AttackView[]
}

/** A site that has nothing to do with the client, and a page that tries to act in the name of its user. */
export function otherSite({ client, seen }: OtherSiteOptions): RequestListener {
  const read = (file: string): string => readFileSync(new URL(file, import.meta.url), 'utf8')
  const files: Readonly<Record<string, readonly [type: string, content: () => string]>> = {
    '/': ['text/html; charset=utf-8', () => page(client)],
    '/style.css': ['text/css; charset=utf-8', () => read('../page/style.css')],
    '/attack.js': [
      'text/javascript; charset=utf-8',
      () => transformSync(read('script.ts'), { loader: 'ts', format: 'esm' }).code,
    ],
    '/seen': ['application/json', () => JSON.stringify(seen())],
  }
  return ({ url = '' }, response) => {
    const path = url.split('?')[0] ?? ''
    const file = Object.hasOwn(files, path) ? files[path] : undefined
    if (file === undefined) {
      response.writeHead(404).end()
      return
    }
    const [type, content] = file
    response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store' }).end(content())
  }
}

function page(client: string): string {
  const rows = attacks.map(
    ({ name, what }) => `<li>
<p class="what"><strong>${escape(name)}</strong></p>
<p>${escape(what)}</p>
<p class="buttons"><button type="button" data-attack="${escape(name)}" aria-label="Try: ${escape(name)}">Try</button></p>
<p data-result="${escape(name)}" role="status"></p>
</li>`,
  )
  return document({
    title: 'The other site',
    head: '<link rel="stylesheet" href="/style.css"><script type="module" src="/attack.js"></script>',
    body: `<main class="plain">
<h1>The other site</h1>
<p>This page belongs to someone else. It tries to act at <code>${escape(client)}</code> in the name of whoever is signed in there: your browser knows the cookie. Sign in there first, then come back.</p>
<p class="buttons"><button type="button" class="primary" id="all">Try everything</button></p>
<ul class="attacks">${rows.join('\n')}</ul>
</main>`,
  }).replace('<html', `<html data-client="${escape(client)}"`)
}
