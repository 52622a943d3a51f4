import fc from 'fast-check'
import {
  AuthError,
  createResourceServer,
  ForbiddenError,
  InsufficientScopeError,
  InsufficientUserAuthenticationError,
  InvalidProofError,
  InvalidRequestError,
  InvalidTokenError,
  MissingTokenError,
  type ResourceServer,
  type TokenFailure,
  UpstreamError,
} from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'
import { withHeaders } from '../../src/http/challenge.ts'
import { tries } from '../support/tries.ts'

const issuer = await createTestIssuer()
const api = createResourceServer({ ...issuer.options, realm: 'reports' })

// RFC 9110 §11.6.1 with auth-param as RFC 6750 §3 narrows it: quoted strings of these characters alone.
const challenge = /^Bearer \w+="[\x20\x21\x23-\x5b\x5d-\x7e]*"(?:, \w+="[\x20\x21\x23-\x5b\x5d-\x7e]*")*$/

/** Takes a challenge apart, and fails unless it is one well-formed challenge. */
function parameters(value: string | undefined): Record<string, string> {
  expect(value).toMatch(challenge)
  const found = [...String(value).matchAll(/(\w+)="([^"]*)"/g)].map(([, name, text]) => [name, text])
  const names = found.map(([name]) => name)
  expect(new Set(names).size).toBe(names.length)
  return Object.fromEntries(found) as Record<string, string>
}

const failures: readonly TokenFailure[] = [
  'malformed',
  'too_large',
  'type',
  'algorithm',
  'signature',
  'unknown_key',
  'unknown_issuer',
  'issuer',
  'audience',
  'expired',
  'not_yet_valid',
  'too_old',
  'claim',
  'schema',
  'revoked',
  'inactive',
  'binding',
]

describe('refuse()', () => {
  it('says nothing beyond the realm when nothing was sent (RFC 6750 §3.1)', () => {
    const { status, headers, body } = api.refuse(new MissingTokenError())
    expect([status, headers['WWW-Authenticate']]).toEqual([401, 'Bearer realm="reports"'])
    expect(JSON.parse(body)).toEqual({
      error: 'unauthorized',
      error_description: 'No access token was found',
    })
  })

  it.each(failures)('describes the reason %s in a sentence of its own', (reason) => {
    const { status, headers, body } = api.refuse(new InvalidTokenError(reason))
    const { realm, error, error_description } = parameters(headers['WWW-Authenticate'])
    expect([status, realm, error]).toEqual([401, 'reports', 'invalid_token'])
    expect(JSON.parse(body)).toEqual({ error, error_description })
    const others = failures.filter((other) => other !== reason)
    for (const other of others) expect(error_description).not.toBe(new InvalidTokenError(other).message)
  })

  it('names the scopes in the order they were asked for', () => {
    const { headers, body } = api.refuse(new InsufficientScopeError(['b', 'a']))
    expect(parameters(headers['WWW-Authenticate'])).toMatchObject({
      error: 'insufficient_scope',
      scope: 'b a',
    })
    expect(JSON.parse(body)).toEqual({
      error: 'insufficient_scope',
      error_description: 'The scopes of the access token are not enough for this request',
    })
  })

  it('does not challenge a caller whom no other token would help', () => {
    const { status, headers, body } = api.refuse(new ForbiddenError('role'))
    expect([status, headers]).toEqual([
      403,
      { 'Cache-Control': 'no-store', 'Content-Type': 'application/json' },
    ])
    expect(JSON.parse(body)).toMatchObject({ error: 'forbidden' })
  })

  it.each([
    [0, '1'],
    [-5, '1'],
    [0.2, '1'],
    [1.2, '2'],
    [300, '300'],
  ])('rounds %d seconds up to `Retry-After: %s`, at least one (RFC 9110 §10.2.3)', (seconds, sent) => {
    const { status, headers } = api.refuse(new UpstreamError(seconds))
    expect([status, headers['Retry-After'], headers['WWW-Authenticate']]).toEqual([503, sent, undefined])
  })

  it.each([new Error('bug'), 'text', undefined, null, { status: 401, code: 'invalid_token' }])(
    'throws again what is none of ours: %s',
    (error) => {
      let thrown: unknown = 'nothing'
      try {
        api.refuse(error)
      } catch (caught) {
        thrown = caught
      }
      expect(thrown).toBe(error)
    },
  )

  it('writes one well-formed challenge, whatever the texts contain', () => {
    class AnyError extends AuthError {
      override readonly name = 'AnyError'
      readonly status = 401
      readonly reason = 'claim'
      readonly code = 'invalid_token'
    }
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom('"', '\\', '\r', '\n', ',', '=', 'é') }),
    )
    fc.assert(
      fc.property(text, fc.array(text, { minLength: 1 }), (message, scopes) => {
        for (const error of [
          new AnyError(message),
          new InvalidRequestError(message),
          new InsufficientScopeError(scopes),
        ]) {
          const { headers, body } = api.refuse(error)
          expect(parameters(headers['WWW-Authenticate'])).toMatchObject({ realm: 'reports' })
          expect(() => new Headers(headers)).not.toThrow()
          JSON.parse(body)
        }
      }),
      { numRuns: tries(400, 50) },
    )
  })

  it('writes the same challenge whatever the token contains', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 40 })
    const expected = api.refuse(new InvalidTokenError('audience'))
    await fc.assert(
      fc.asyncProperty(text, text, fc.dictionary(text, text), async (kid, aud, claims) => {
        const token = await issuer.sign(
          { ...claims, iss: issuer.issuer, aud: `x${aud}`, exp: undefined, nonce: undefined },
          { kid },
        )
        const error: unknown = await api.verify(token).catch((caught: unknown) => caught)
        const answer = api.refuse(error)
        if ((error as InvalidTokenError).reason === 'audience') expect(answer).toEqual(expected)
        parameters(answer.headers['WWW-Authenticate'])
      }),
      { numRuns: tries(200, 50) },
    )
  })
})

describe('the realm', () => {
  function realmOf(server: ResourceServer): string | undefined {
    return parameters(server.refuse(new MissingTokenError()).headers['WWW-Authenticate'])['realm']
  }

  it('is what the option says', () => {
    expect(realmOf(api)).toBe('reports')
  })

  it('is the first audience by default', () => {
    expect(realmOf(createResourceServer({ ...issuer.options, audience: ['a', 'b'] }))).toBe('a')
  })

  it('is the first audience of the first issuer where there is no common one', () => {
    const { jwks } = issuer.options
    const server = createResourceServer({ issuers: [{ issuer: 'i', audience: ['a'], jwks }] })
    expect(realmOf(server)).toBe('a')
  })

  it('is there although nothing has a name', () => {
    const server = createResourceServer({ ...issuer.options, audience: null, clients: ['c'] })
    expect(realmOf(server)).not.toBe('')
  })

  it('holds only permitted characters, whatever the audience', () => {
    expect(realmOf(createResourceServer({ ...issuer.options, audience: 'a"b\\c\r\nd\u{e9}' }))).toMatch(
      /^[ -~]+$/,
    )
  })
})

describe('a refusal', () => {
  const bodyOf = (error: Error): unknown => JSON.parse(api.refuse(error).body)

  it('has a body of one shape, also where the challenge has no error code (RFC 6750 §3.1)', () => {
    expect(bodyOf(new MissingTokenError())).toEqual({
      error: 'unauthorized',
      error_description: 'No access token was found',
    })
    expect(bodyOf(new UpstreamError(1))).toEqual({
      error: 'temporarily_unavailable',
      error_description: 'Access cannot be checked at the moment',
    })
  })

  it('says when to come back for an outage alone', () => {
    const late = Object.assign(new InvalidTokenError('expired'), { retryAfter: 7 })
    expect(api.refuse(late).headers).not.toHaveProperty('Retry-After')
    const odd = Object.assign(new UpstreamError(7), { retryAfter: 'soon' })
    expect(api.refuse(odd).headers).not.toHaveProperty('Retry-After')
    expect(api.refuse(new UpstreamError(7)).headers['Retry-After']).toBe('7')
  })

  it('has no challenge from 500 up', () => {
    const failed = Object.assign(new MissingTokenError(), { status: 500 })
    expect(api.refuse(failed).headers).not.toHaveProperty('WWW-Authenticate')
  })

  it('replaces each character a challenge cannot hold by an apostrophe', () => {
    const { headers } = api.refuse(new InsufficientScopeError(['a"b\\c\né']))
    expect(headers['WWW-Authenticate']).toContain(`scope="a'b'c''"`)
  })

  it.each(['', undefined, null, 1, {}])('calls %j in place of a token malformed', async (token) => {
    await expect(api.verify(token as string)).rejects.toMatchObject({ reason: 'malformed' })
  })
})

describe('the challenges of an API that accepts DPoP', () => {
  const { issuer: name, audience, jwks } = issuer.options
  const options = { issuer: name, audience, jwks, realm: 'reports', resource: 'https://api.test' }
  const algorithms = ['ES256', 'PS256'] as const
  const both = createResourceServer({ ...options, dpop: { algorithms } })
  const only = createResourceServer({ ...options, dpop: { algorithms, required: true } })
  const metadata = 'resource_metadata="https://api.test/.well-known/oauth-protected-resource"'
  const bearer = `Bearer realm="reports", ${metadata}`
  const dpop = `DPoP realm="reports", ${metadata}`
  const algs = 'algs="ES256 PS256"'
  const of = (error: AuthError, server = both): string | undefined =>
    server.refuse(error).headers['WWW-Authenticate']
  const refusal = async (server: typeof both, authorization: string): Promise<AuthError> =>
    (await server.authenticate({ headers: { authorization } }).catch((it: unknown) => it)) as AuthError

  it('are one for each scheme, without an error, when nothing was sent (RFC 9449 §7.2)', () => {
    expect(of(new MissingTokenError())).toBe(`${bearer}, ${dpop}, ${algs}`)
    expect(of(new MissingTokenError(), only)).toBe(`${dpop}, ${algs}`)
  })

  it.each([
    ['invalid_dpop_proof', new InvalidProofError('proof'), 'The DPoP proof is missing or not valid'],
    ['invalid_dpop_proof', new InvalidProofError('replayed'), 'The DPoP proof was used before'],
    [
      'use_dpop_nonce',
      new InvalidProofError('nonce', { nonce: 'n.1' }),
      'The DPoP proof must have the nonce of this response',
    ],
  ])('have %s in that of DPoP', (code, error, text) => {
    const parameters = `error="${code}", error_description="${text}"`
    expect(of(error)).toBe(`${dpop}, ${parameters}, ${algs}, ${bearer}`)
    expect(of(error, only)).toBe(`${dpop}, ${parameters}, ${algs}`)
    // Without the option nobody offers a proof.
    expect(api.refuse(error).headers['WWW-Authenticate']).toBe(`Bearer realm="reports", ${parameters}`)
    expect(both.refuse(error).headers['DPoP-Nonce']).toBe(code === 'use_dpop_nonce' ? 'n.1' : undefined)
    expect(both.refuse(error).headers['Cache-Control']).toBe('no-store')
  })

  it('have the error of a token in that of the scheme it came under, in any case', async () => {
    const error = 'error="invalid_token", error_description="The access token cannot be read as a signed JWT"'
    expect(of(await refusal(both, 'Bearer x'))).toBe(`${bearer}, ${error}, ${dpop}, ${algs}`)
    expect(of(await refusal(both, 'dpop x'))).toBe(`${dpop}, ${error}, ${algs}, ${bearer}`)
    expect(of(await refusal(only, 'Bearer x'), only)).toBe(`${dpop}, ${error}, ${algs}`)
    const malformed = 'error="invalid_request", error_description="The credentials are malformed"'
    expect(of(await refusal(both, 'Bearer'))).toBe(`${bearer}, ${malformed}, ${dpop}, ${algs}`)
    expect(of(await refusal(both, 'DPoP'))).toBe(`${dpop}, ${malformed}, ${algs}, ${bearer}`)
  })

  it('both name the scopes of a 401, and that of the scheme in use alone the scopes of a guard', async () => {
    const scoped = createResourceServer({ ...options, challengeScopes: ['read'], dpop: { algorithms } })
    const named = 'scope="read"'
    expect(of(new MissingTokenError(), scoped)).toBe(`${bearer}, ${named}, ${dpop}, ${named}, ${algs}`)
    const error = 'error="invalid_token", error_description="The access token cannot be read as a signed JWT"'
    expect(of(await refusal(scoped, 'Bearer x'), scoped)).toBe(
      `${bearer}, ${error}, ${named}, ${dpop}, ${named}, ${algs}`,
    )
    expect(of(await refusal(scoped, 'DPoP x'), scoped)).toBe(
      `${dpop}, ${error}, ${named}, ${algs}, ${bearer}, ${named}`,
    )
    expect(of(new InsufficientScopeError(['pay']), scoped)).toMatch(
      new RegExp(`^Bearer .*error="insufficient_scope".*, scope="pay", ${dpop}, ${algs}$`),
    )
  })

  it('are none where no challenge helps', () => {
    expect(of(new ForbiddenError())).toBeUndefined()
    expect(of(new UpstreamError(1))).toBeUndefined()
  })

  it('have no DPoP where it is off, whatever scheme was used', async () => {
    expect((await refusal(api, 'DPoP x')).reason).toBe('missing')
    expect(api.refuse(await refusal(api, 'DPoP x')).headers['WWW-Authenticate']).toBe(
      'Bearer realm="reports"',
    )
  })
})

describe('the headers of a refusal', () => {
  it.each<[readonly string[] | undefined, number | undefined, string]>([
    [['b', 'a'], 0, 'acr_values="b a", max_age="0"'],
    [['mfa'], undefined, 'acr_values="mfa"'],
    [undefined, 300, 'max_age="300"'],
  ])('name the login that is required: %j, %j', (acrValues, maxAge, required) => {
    const { headers } = api.refuse(new InsufficientUserAuthenticationError({ acrValues, maxAge }))
    expect(headers['WWW-Authenticate']).toBe(
      `Bearer realm="reports", error="insufficient_user_authentication", error_description="A stronger or more recent login of the user is required", ${required}`,
    )
  })

  it('have a nonce where one is required, and there is one', () => {
    for (const error of [
      new InvalidProofError('nonce'),
      Object.assign(new InvalidTokenError('expired'), { nonce: 'n.1' }),
    ]) {
      expect(api.refuse(error).headers).not.toHaveProperty('DPoP-Nonce')
    }
  })

  it('are on the error for the error path of a framework, or on a copy where it is frozen', () => {
    const options = { realm: 'x', resourceMetadata: undefined, challengeScopes: [], dpop: undefined }
    const headers = { 'Cache-Control': 'no-store', 'WWW-Authenticate': 'Bearer realm="x"' }
    const error = new MissingTokenError()
    expect(withHeaders(error, options)).toBe(error)
    expect(error).toMatchObject({ headers })
    const frozen = Object.freeze(new MissingTokenError())
    const copy = withHeaders(frozen, options)
    expect(copy).not.toBe(frozen)
    expect(copy).toBeInstanceOf(MissingTokenError)
    expect(copy).toMatchObject({ status: 401, headers })
  })
})
