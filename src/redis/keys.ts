import type { RevocableToken } from 'oauth-resource-server'

/**
 * What all keys of one list begin with: a hash tag, so that a cluster keeps them in one slot.
 *
 * @throws {TypeError}
 */
export function tagOf(prefix: unknown): string {
  if (prefix === undefined) return '{oauth}:'
  if (typeof prefix !== 'string' || prefix === '') {
    throw new TypeError('prefix: must be a string that is not empty')
  }
  if (/[{}]/.test(prefix)) {
    throw new TypeError('prefix: must have no braces; all keys get one hash tag, made of the prefix')
  }
  return `{${prefix}}:`
}

/** The key of an entry. JSON keeps issuer and value apart, whatever characters they have. */
export function keyOf(tag: string, kind: string, issuer: string | undefined, value: string): string {
  return `${tag}${kind}:${JSON.stringify([issuer ?? null, value])}`
}

/** The keys of every entry that would revoke a token. */
export async function keysOf(tag: string, token: RevocableToken): Promise<readonly string[]> {
  const { issuer, jti, subject, session, client } = token
  const keys: string[] = []
  const add = (kind: string, value: string | undefined): void => {
    if (value !== undefined) keys.push(keyOf(tag, kind, undefined, value), keyOf(tag, kind, issuer, value))
  }
  add('jti', jti)
  add('subject', subject)
  add('session', session)
  add('client', client)
  if (jti === undefined) keys.push(keyOf(tag, 'hash', issuer, await token.hash()))
  return keys
}
