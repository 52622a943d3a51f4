import type { Response } from 'express'
import { hasToken } from '../whole-tokens.ts'

/**
 * The only way in which data gets to the page.
 *
 * @throws {Error} when there is a whole token in it
 */
export function sendJson(response: Response, value: unknown, status = 200): void {
  const body = JSON.stringify(value)
  if (hasToken(body)) throw new Error('a whole token was about to be sent to the page')
  response.status(status).set('cache-control', 'no-store').type('json').send(body)
}
