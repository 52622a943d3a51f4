import { createResourceServer } from 'oauth-resource-server'
import { createTestClock, createTestIssuer } from 'oauth-resource-server/testing'

export const now = 1_800_000_000
export const clock = createTestClock(now * 1000)
export const issuer = await createTestIssuer({ issuer: 'https://issuer.test/', clock })

/** Claims, header parameters or options that differ from the usual ones. */
export type Changes = Record<string, unknown>

/** What becomes of a token: `true`, or the reason it is refused for. */
export async function verdict(
  claims: Changes,
  options: Changes = {},
  header: Changes = {},
): Promise<unknown> {
  const api = createResourceServer({ ...issuer.options, ...options })
  return await api.verify(await issuer.sign(claims, header)).then(
    () => true,
    (error: unknown) => (error as { reason?: unknown }).reason,
  )
}
