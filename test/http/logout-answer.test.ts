import { InvalidRequestError, UpstreamError } from 'oauth-resource-server'
import { expect, it } from 'vitest'
import { logoutAnswer } from '../../src/http/logout-answer.ts'

it('says nothing of a user who was logged out', () => {
  expect(logoutAnswer()).toEqual({ status: 200, headers: { 'Cache-Control': 'no-store' }, body: '' })
})

it.each([
  [new InvalidRequestError('No'), 400, '{"error":"invalid_request","error_description":"No"}', {}],
  [
    new UpstreamError(7),
    503,
    '{"error":"temporarily_unavailable","error_description":"Access cannot be checked at the moment"}',
    { 'Retry-After': '7' },
  ],
])('says what was wrong: %s', (error, status, body, more) => {
  const headers = { 'Cache-Control': 'no-store', 'Content-Type': 'application/json', ...more }
  expect(logoutAnswer(error)).toEqual({ status, headers, body })
})
