import { readFileSync } from 'node:fs'
import {
  type AuthError,
  createResourceServer,
  ForbiddenError,
  InsufficientScopeError,
  InsufficientUserAuthenticationError,
  InvalidRequestError,
  InvalidProofError,
  InvalidTokenError,
  MissingTokenError,
  UpstreamError,
} from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'
import { descriptions, type TokenFailure } from '../src/reasons.ts'

const api = createResourceServer((await createTestIssuer()).options)

const tokenFailures = Object.keys(descriptions) as TokenFailure[]

/** Every class of refusal, with every reason it can have. */
const errors: readonly AuthError[] = [
  new MissingTokenError(),
  new InvalidRequestError(),
  ...tokenFailures.map((reason) => new InvalidTokenError(reason)),
  new InvalidProofError('proof'),
  new InvalidProofError('replayed'),
  new InvalidProofError('nonce', { nonce: 'n' }),
  new InsufficientScopeError(['read']),
  new InsufficientUserAuthenticationError({ maxAge: 300 }),
  new ForbiddenError('role'),
  new ForbiddenError('claim'),
  new ForbiddenError('authorization_details'),
  new ForbiddenError('forbidden'),
  new UpstreamError(1),
]

/** One row for each error: class, status, `error` in the header, `error` in the body. */
function rowOf(error: AuthError): string {
  const { status, headers, body } = api.refuse(error)
  const challenge = headers['WWW-Authenticate']
  const inHeader = /error="([^"]*)"/.exec(challenge ?? '')?.[1] ?? 'none'
  const { error: inBody } = JSON.parse(body) as { error: string }
  return [error.name, status, challenge === undefined ? 'no such header' : inHeader, inBody].join(' | ')
}

const documented = readFileSync(new URL('../docs/responses.md', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => /^\| `\w+Error`/.test(line))
  .map((line) => line.split('|').map((cell) => cell.replaceAll('`', '').trim()))

describe('the table of docs/responses.md', () => {
  it('has the status and codes of every class', () => {
    const rows = documented.map((cells) => cells.slice(1, 5).join(' | '))
    expect(rows).toEqual([...new Set(errors.map(rowOf))])
  })

  it.each(documented.map((cells) => [cells[1] ?? '', cells[5] ?? '']))(
    'has the reasons of %s',
    (name, reasons) => {
      const possible = errors.filter((error) => error.name === name).map(({ reason }) => reason)
      // A class with two codes has two rows.
      const rows = documented.filter((cells) => cells[1] === name)
      const told = rows.flatMap((cells) => String(cells[5]).split(' '))
      expect(told).toEqual(expect.arrayContaining(reasons.split(' ')))
      expect(possible.filter((reason) => !told.includes(reason))).toEqual([])
      expect(told.filter((reason) => !possible.some((other) => other === reason))).toEqual([])
    },
  )
})
