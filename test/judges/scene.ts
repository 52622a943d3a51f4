import { createTestClock } from 'oauth-resource-server/testing'
import type { Registration } from '../../examples/mcp-server/authorization-server.ts'
import { startWorld, type World } from '../../examples/mcp-server/world.ts'

export const registrations: readonly Registration[] = [
  'client ID metadata document',
  'dynamic registration',
  'pre-registered client',
]

/** The servers of examples/mcp-server, and what a judge does to them. */
export interface Scene extends World {
  /** What the MCP server saw since `forget()`: method, path, status and error code of each request. */
  readonly seen: readonly string[]
  forget(): void
  /** Lets every token expire that was issued so far. */
  expire(): void
  /** Revokes the token that was sent last. */
  revoke(): Promise<void>
}

const minutes = 60

/** @param redirectUri where the judge waits for the code */
export async function startScene(registration: Registration, redirectUri: string): Promise<Scene> {
  const clock = createTestClock()
  const seen: string[] = []
  let lifetime = 5 * minutes
  let token = ''
  const world = await startWorld({
    registration,
    redirectUris: [redirectUri],
    now: clock.now,
    lifetime: () => lifetime,
    observe({ method, url, headers }, res) {
      token = headers.authorization ?? token
      res.on('finish', () => {
        const error = /error="(\w+)"/.exec(String(res.getHeader('www-authenticate')))?.[1]
        seen.push([method, url, res.statusCode, error].filter(Boolean).join(' '))
      })
    },
  })
  return {
    ...world,
    seen,
    forget: () => void (seen.length = 0),
    expire() {
      clock.advance(2 * lifetime)
      // The next token is still valid by that clock.
      lifetime *= 10
    },
    async revoke() {
      const { status } = await fetch(new URL('/logout', world.url), {
        method: 'POST',
        headers: { authorization: token },
      })
      if (status !== 204) throw new Error(`the token could not be revoked: ${status}`)
    },
  }
}
