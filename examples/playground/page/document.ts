/** Plain pages in the style of the playground: the welcome page, and the pages of the authorization server. */
import { readFileSync } from 'node:fs'

/** Writes text so that HTML has it as text, in elements and in quoted attributes. */
export function escape(text: string): string {
  const named: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  }
  return text.replaceAll(/[&<>"']/g, (character) => named[character] ?? '')
}

/**
 * A whole HTML document.
 *
 * @param parts.title text; the rest is HTML
 */
export function document(parts: {
  readonly title: string
  readonly head: string
  readonly body: string
}): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>${escape(parts.title)}</title>
${parts.head}
</head>
<body>
${parts.body}
</body>
</html>
`
}

const style = readFileSync(new URL('style.css', import.meta.url), 'utf8')

/**
 * A page of one column, without a script. Its style is inline, so its policy has to allow that; it loads nothing.
 *
 * @param parts.title text, the heading too
 * @param parts.body HTML below the heading
 * @param parts.who text above the heading: whose page it is
 */
export function plainPage(parts: {
  readonly title: string
  readonly body: string
  readonly who?: string
}): string {
  const { title, body, who } = parts
  return document({
    title,
    head: `<style>${style}</style>`,
    body: `<main class="plain">
${who === undefined ? '' : `<p class="who">${escape(who)}</p>`}
<h1>${escape(title)}</h1>
${body}
</main>`,
  })
}

/**
 * The page that greets a newcomer, over plain HTTP: says first what the certificate warning means.
 *
 * @param urls origins, for example `https://localhost:4001`
 */
export function welcomePage(urls: {
  readonly client: string
  readonly issuer: string
  readonly otherSite: string
}): string {
  return plainPage({
    title: 'OAuth playground',
    body: `<p class="lead">A whole OAuth 2 system runs on your machine now: an authorization server, a client and three APIs. The page shows every check that an API makes, and what happens when something is wrong.</p>
<section class="note" aria-labelledby="warning">
<h2 id="warning">First, your browser will warn you</h2>
<p>Everything here uses HTTPS, since the cookies and tokens of the playground need it. Its certificate was made a moment ago, on this machine. No authority has signed it, so your browser says that the connection is <strong>not private</strong>.</p>
<p>On the internet, such a warning means: leave. Here it means only that the certificate is new. Nothing leaves your machine, and the certificate is deleted when the playground ends.</p>
<ul>
<li><strong>Chrome, Edge, Brave</strong>: choose <em>Advanced</em>, then <em>Proceed to localhost</em>.</li>
<li><strong>Firefox</strong>: choose <em>Advanced</em>, then <em>Accept the Risk and Continue</em>.</li>
<li><strong>Safari</strong>: choose <em>Show Details</em>, then <em>visit this website</em>.</li>
</ul>
<p>The warning comes once more, when you sign in: the authorization server is another site, <code>${escape(urls.issuer)}</code>. So is the attacking site, <code>${escape(urls.otherSite)}</code>.</p>
</section>
<p><a class="button primary" href="${escape(urls.client)}/">Open the playground</a></p>
<p>You would rather not? The tour in the terminal takes the same steps without a browser: <code>npm run playground -- --tour</code></p>`,
  })
}
