import { InvalidTokenError } from '../errors.ts'
import type { TokenSource } from './verified-token.ts'

/**
 * Refuses values that are no string, are empty or too long, before a source spends time on them.
 *
 * @param maxTokenLength characters
 */
export function withinLength(source: TokenSource, maxTokenLength: number): TokenSource {
  return {
    verify(token: unknown, now, trace) {
      const text = checkedLength(token, maxTokenLength)
      trace?.({ name: 'length', ok: true, expected: `at most ${maxTokenLength} characters` })
      return source.verify(text, now, trace)
    },
    stillHolds: source.stillHolds,
  }
}

function checkedLength(token: unknown, maxTokenLength: number): string {
  if (typeof token !== 'string' || token === '') {
    throw new InvalidTokenError('malformed', {
      detail: { hint: 'the token must be a string that is not empty' },
    })
  }
  if (token.length > maxTokenLength) {
    const hint = `the token has ${token.length} characters; maxTokenLength is ${maxTokenLength}`
    throw new InvalidTokenError('too_large', { detail: { hint } })
  }
  return token
}
