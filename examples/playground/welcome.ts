import type { RequestListener } from 'node:http'
import { welcomePage } from './page/document.ts'

/** The one page without HTTPS: it says what the warning means that comes next. */
export function welcome(urls: Parameters<typeof welcomePage>[0]): RequestListener {
  const page = welcomePage(urls)
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
