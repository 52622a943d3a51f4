import type { Response } from 'express'
import { hasToken, shortenTokens } from '../whole-tokens.ts'

/**
 * The only way in which data gets to the page. A whole token in a text is shortened: anyone can put one into an address
 * that is recorded, or into a claim of a token that is pasted, and the page has to go on.
 *
 * @throws {Error} when there is a whole token in it
 */
export function sendJson(response: Response, value: unknown, status = 200): void {
  const body = JSON.stringify(value, (_name, member: unknown) =>
    typeof member === 'string' ? shortenTokens(member) : member,
  )
  if (hasToken(body)) throw new Error('a whole token was about to be sent to the page')
  response.status(status).set('cache-control', 'no-store').type('json').send(body)
}
