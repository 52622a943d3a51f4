import { takeApart } from '../take-apart.ts'
import { makeProof } from './dpop.ts'
import type { Session } from './sessions.ts'

/** Whether a token says that it is bound to a key (`cnf.jkt`, RFC 9449 section 6.1). */
export function isBound(token: string): boolean {
  const { members = [] } = takeApart(token).payload
  return members.some(({ name, value }) => name === 'cnf' && value.includes('"jkt"'))
}

/** A proof for one request with the session's key; `undefined` for a token that needs none. */
export async function proofFor(
  { dpopKey }: Session,
  request: { readonly method: string; readonly url: string; readonly token: string },
): Promise<string | undefined> {
  return dpopKey !== undefined && isBound(request.token) ? makeProof(dpopKey, request) : undefined
}
