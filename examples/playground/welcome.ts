import type { RequestListener } from 'node:http'

/** The one page without HTTPS: it says what the warning means that comes next. @param client the client's URL */
export function welcome(client: string): RequestListener {
  const page = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Playground</title></head><body><main>
<h1>Welcome to the playground</h1>
<p>Your browser will warn you: the playground made its own certificate a moment ago, and nobody has vouched for it.
Choose “Advanced”, then “Proceed to localhost”.</p>
<p><a href="${client}/">Open the playground</a></p></main></body></html>`
  return (request, response) => {
    if (request.url !== '/') {
      response.writeHead(404).end()
      return
    }
    response.writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
      'x-content-type-options': 'nosniff',
    })
    response.end(page)
  }
}
