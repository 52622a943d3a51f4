import { type ActiveAnswer, plainAnswer } from '../../src/issuer/introspection-answer.ts'
import { now } from './verdict.ts'

/** What the test issuer says of an active token, with some members changed; `undefined` removes. */
export async function answerOf(changes: object = {}): Promise<ActiveAnswer> {
  const usual = { active: true, aud: 'https://api.test', sub: 'a', token_type: 'Bearer', exp: now + 60 }
  const bytes = new TextEncoder().encode(JSON.stringify({ ...usual, ...changes }))
  const headers = new Headers({ 'content-type': 'application/json' })
  return (await plainAnswer({ bytes, headers })) as ActiveAnswer
}
