import { http, HttpResponse, type RequestHandler } from 'msw'
import { type SetupServer, setupServer } from 'msw/node'
import type { TestIssuer } from 'oauth-resource-server/testing'
import { afterAll, afterEach, beforeAll } from 'vitest'

/**
 * Simulates the network beyond this machine for one test file. A request nobody described fails, so that no test
 * depends on, or bothers, a server out there.
 */
export function simulatedNetwork(): SetupServer {
  const network = setupServer()
  beforeAll(() =>
    network.listen({
      onUnhandledRequest({ url }, print) {
        if (new URL(url).hostname !== '127.0.0.1') print.error()
      },
    }),
  )
  afterEach(() => network.resetHandlers())
  afterAll(() => network.close())
  return network
}

/** A test issuer's metadata (RFC 8414) and keys under its own https name. */
export function published(issuer: TestIssuer): readonly RequestHandler[] {
  const metadata = new URL('/.well-known/oauth-authorization-server', issuer.issuer)
  return [
    http.get(metadata.href, () => HttpResponse.json(issuer.metadata)),
    http.get(issuer.metadata.jwks_uri, () => HttpResponse.json(issuer.jwks)),
  ]
}
