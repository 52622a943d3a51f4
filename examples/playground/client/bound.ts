import { makeProof } from './dpop.ts'
import type { Session } from './sessions.ts'

/** Whether a token says that it is bound to a key (`cnf.jkt`, RFC 9449 section 6.1). */
export function isBound(token: string): boolean {
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()
  const { cnf } = JSON.parse(payload) as { readonly cnf?: { readonly jkt?: string } }
  return cnf?.jkt !== undefined
}

/** A proof for one request with the session's key; `undefined` for a token that needs none. */
export async function proofFor(
  { dpopKey }: Session,
  request: { readonly method: string; readonly url: string; readonly token: string },
): Promise<string | undefined> {
  return dpopKey !== undefined && isBound(request.token) ? makeProof(dpopKey, request) : undefined
}
