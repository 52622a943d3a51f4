import fc from 'fast-check'
import {
  createResourceServer,
  type HttpRequest,
  InvalidRequestError,
  isAuthError,
  MissingTokenError,
} from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it, vi } from 'vitest'

vi.setConfig({ testTimeout: 60_000 })

const issuer = await createTestIssuer({ algorithms: ['EdDSA'] })
const api = createResourceServer(issuer.options)
const good = await issuer.sign()

const pieces = fc.constantFrom(
  ...['Bearer', 'bearer', 'BEARER', 'Bearer ', 'bEaReR  ', 'Basic ', 'Digest ', 'Bearers ', 'Bearer-x '],
  ...[
    ' ',
    '  ',
    '\t',
    ',',
    ', ',
    '=',
    '==',
    '"',
    ':',
    ';',
    '\u00a0',
    'é',
    '\u0000',
    '\r\n',
    'realm="x"',
    'a=b',
  ],
  ...[good, good.slice(1), 'abc', 'a.b.c', '~+/'],
)
const value = fc.oneof(
  fc.array(pieces, { maxLength: 5 }).map((parts) => parts.join('')),
  fc
    .tuple(fc.constantFrom('Bearer ', 'bearer   ', 'BEARER '), fc.constantFrom('', ' ', '\t '))
    .map(([a, b]) => a + good + b),
  fc.constantFrom(good.slice(1), 'abc', 'a.b.c', '~+/').map((token) => `Bearer ${token}`),
  fc.string({ unit: 'binary', maxLength: 12 }),
)

type Outcome = 'passed' | 'missing' | 'invalid_request' | 'invalid_token'

async function outcomeOf(request: HttpRequest): Promise<Outcome> {
  try {
    await api.authenticate(request)
    return 'passed'
  } catch (error) {
    if (error instanceof MissingTokenError) return 'missing'
    if (error instanceof InvalidRequestError) return 'invalid_request'
    if (isAuthError(error) && error.code === 'invalid_token') return 'invalid_token'
    throw error
  }
}

/** RFC 9110 §11.4 read without regular expressions: a scheme, spaces, one token68; outer white space is not its. */
function modelOf(header: string): Outcome | 'not passed' {
  const trimmed = trim(header)
  const space = trimmed.indexOf(' ')
  const scheme = (space === -1 ? trimmed : trimmed.slice(0, space)).toLowerCase()
  if (scheme !== 'bearer') return 'not passed'
  const credentials = space === -1 ? '' : trimmed.slice(space).replaceAll(' ', '')
  const inner = space === -1 ? '' : trimmed.slice(space).trimStart()
  if (credentials !== inner || !isToken68(inner)) return 'invalid_request'
  return inner === good ? 'passed' : 'invalid_token'
}

const token68 = new Set('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/')

function isToken68(text: string): boolean {
  let end = text.length
  while (text[end - 1] === '=') end--
  return end > 0 && Array.from(text.slice(0, end)).every((character) => token68.has(character))
}

function trim(text: string): string {
  let [start, end] = [0, text.length]
  while (text[start] === ' ' || text[start] === '\t') start++
  while (end > start && (text[end - 1] === ' ' || text[end - 1] === '\t')) end--
  return text.slice(start, end)
}

describe('an Authorization header, whatever it contains', () => {
  it('is read as RFC 9110 §11.4 and RFC 6750 §2.1 have it', async () => {
    const seen = new Set<Outcome>()
    await fc.assert(
      fc.asyncProperty(value, async (authorization) => {
        const outcome = await outcomeOf({ headers: { authorization } })
        seen.add(outcome)
        const expected = modelOf(authorization)
        if (expected === 'not passed') expect(['missing', 'invalid_request']).toContain(outcome)
        else expect(outcome).toBe(expected)
      }),
      { numRuns: 2000 },
    )
    expect([...seen].sort()).toEqual(['invalid_request', 'invalid_token', 'missing', 'passed'])
  })

  it('is the same as one text, a list of one, and in rawHeaders', async () => {
    await fc.assert(
      fc.asyncProperty(value, async (authorization) => {
        const outcome = await outcomeOf({ headers: { authorization } })
        expect(await outcomeOf({ headers: { authorization: [authorization] } })).toBe(outcome)
        expect(await outcomeOf({ headers: { Authorization: authorization } })).toBe(outcome)
        const rawHeaders = ['Host', 'x', 'Authorization', authorization]
        expect(await outcomeOf({ headers: { authorization }, rawHeaders })).toBe(outcome)
      }),
    )
  })

  it('is refused when there are two, wherever the second one shows', async () => {
    await fc.assert(
      fc.asyncProperty(value, value, async (first, second) => {
        const name = 'AuthoriZation'
        const twice: HttpRequest[] = [
          { headers: { authorization: [first, second] } },
          { headers: { authorization: first, Authorization: second } },
          {
            headers: { authorization: first },
            rawHeaders: [name, first, 'Accept', '*/*', name.toLowerCase(), second],
          },
        ]
        for (const request of twice) expect(await outcomeOf(request)).toBe('invalid_request')
      }),
    )
  })

  it('is never read from a prototype', async () => {
    const headers = Object.create({ authorization: `Bearer ${good}` }) as HttpRequest['headers']
    expect(await outcomeOf({ headers })).toBe('missing')
    expect(await outcomeOf({ headers, rawHeaders: [] })).toBe('missing')
  })
})
