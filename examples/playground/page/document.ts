/** Plain pages in the style of the playground: the welcome page, and the pages of the authorization server. */

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
 * @param parts.style where the style sheet is. @default '/page.css'
 */
export function document(parts: {
  readonly title: string
  readonly body: string
  readonly head?: string
  readonly style?: string
}): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>${escape(parts.title)}</title>
<link rel="icon" href="/icon.svg">
<link rel="stylesheet" href="${escape(parts.style ?? '/page.css')}">
${parts.head ?? ''}
</head>
<body>
${parts.body}
</body>
</html>
`
}

/**
 * A page of one column: the sign-in, consent and error pages of the authorization server. Its server has to serve the
 * style and the icon of `buildPage()` at `/page.css` and `/icon.svg`.
 *
 * @param parts.title text, the heading too
 * @param parts.body HTML below the heading: paragraphs, and forms of `label`, `input`, `select`, `button`
 * @param parts.who text above the heading, for example `Authorization server · https://127.0.0.1:4002`
 */
export function plainPage(parts: {
  readonly title: string
  readonly body: string
  readonly who?: string
}): string {
  const { title, body, who } = parts
  return document({
    title,
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
 * @param at.client origin of the client, for example `https://localhost:4001`
 * @param at.authorizationServer its origin, whose warning appears too
 */
export function welcomePage(at: {
  readonly client: string
  readonly authorizationServer: string
  readonly otherSite?: string
}): string {
  const others = [at.authorizationServer, ...(at.otherSite === undefined ? [] : [at.otherSite])]
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
<p>The warning comes once more, when you sign in: the authorization server is another site, at ${others.map((url) => `<code>${escape(url)}</code>`).join(', and the attacking site is at ')}.</p>
</section>
<p><a class="button primary" href="${escape(at.client)}/">Open the playground</a></p>
<p>You would rather not? The tour in the terminal takes the same steps without a browser: <code>npm run playground -- --tour</code></p>`,
  })
}
