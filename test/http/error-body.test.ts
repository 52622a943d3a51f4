import { type AuthError, InvalidTokenError, MissingTokenError, UpstreamError } from 'oauth-resource-server'
import { describe, expect, it, vi } from 'vitest'
import type { ErrorFormat, ErrorFormatter } from '../../src/error-format.ts'
import { bodyWriter } from '../../src/http/error-body.ts'
import { rejection } from '../support/rejection.ts'

const expired = new InvalidTokenError('expired')
const standard = {
  contentType: 'application/json',
  body: '{"error":"invalid_token","error_description":"The access token expired"}',
}

function written(format: ErrorFormat, error: AuthError = expired): unknown {
  return bodyWriter(format, (message) => expect.unreachable(message))(error)
}

/** A formatter whose result has any type. */
const returning = (result: unknown): ErrorFormatter => (() => result) as never

describe('the body of a refusal', () => {
  it('is { error, error_description } by default', () => {
    expect(written('oauth')).toEqual(standard)
  })

  it.each([
    [new MissingTokenError(), 'unauthorized'],
    [new UpstreamError(1), 'temporarily_unavailable'],
  ])('names an error where the challenge names none: %s', (error, code) => {
    const { body } = bodyWriter('oauth', vi.fn())(error)
    expect(JSON.parse(body)).toEqual({ error: code, error_description: error.message })
  })

  it("is a problem document with 'problem' (RFC 9457 §3)", () => {
    expect(written('problem')).toEqual({
      contentType: 'application/problem+json',
      body: JSON.stringify({
        type: 'about:blank',
        title: 'Unauthorized',
        status: 401,
        detail: 'The access token expired',
        error: 'invalid_token',
      }),
    })
  })

  it('is what a function returns, which gets the error and the default body', () => {
    const format = vi.fn<ErrorFormatter>(({ status }, { error }) => ({
      contentType: 'application/vnd.api+json; charset=utf-8',
      body: { errors: [{ status, code: error }] },
    }))
    expect(written(format)).toEqual({
      contentType: 'application/vnd.api+json; charset=utf-8',
      body: '{"errors":[{"status":401,"code":"invalid_token"}]}',
    })
    expect(format.mock.calls).toEqual([[expired, JSON.parse(standard.body)]])
  })

  it.each(['', 'no entry', '<p>ü</p>'])('is a returned string as it is: %j', (body) => {
    expect(written(returning({ contentType: 'text/html', body }))).toEqual({ contentType: 'text/html', body })
  })

  it.each(["!#$%&'*+.^_`|~-/x", 'a/b ;c', 'a/b\t; c="d"\t', 'a/b;', `a/b;${'x'.repeat(252)}`])(
    'has the content type %s',
    (contentType) => {
      expect(written(returning({ contentType, body: '' }))).toEqual({ contentType, body: '' })
    },
  )

  it.each<[string, (promise: Promise<never>) => unknown]>([
    ['result', (promise) => promise],
    ['body', (body) => ({ contentType: 'text/html', body })],
    ['body of a wrong type', (body) => ({ contentType: 'html', body })],
  ])('A5 ends no process by a promise as %s that rejects', (_what, returned) => {
    const { make, isHandled } = rejection()
    expect(bodyWriter(returning(returned(make())), () => undefined)(expired)).toEqual(standard)
    expect(isHandled()).toBe(true)
  })

  it('is JSON for every other value', () => {
    expect(written(returning({ contentType: 'application/json', body: null }))).toMatchObject({
      body: 'null',
    })
  })
})

describe('a formatter that does not work', () => {
  const circular: Record<string, unknown> = {}
  circular['self'] = circular
  const contentType = 'application/json'
  const noType = 'contentType is not a media type'
  const noObject = 'it returned no object'
  const promised = 'it returned a promise'
  const bodyPromised = 'body is a promise'
  const noJson = 'body cannot be written as JSON'
  const threw = 'it threw an error'
  const broken: readonly (readonly [title: string, format: ErrorFormatter, what: string])[] = [
    [
      'throws',
      () => {
        throw new Error('eyJ-secret')
      },
      threw,
    ],
    ['returns nothing', returning(undefined), noObject],
    ['returns null', returning(null), noObject],
    ['returns a string', returning('text'), noObject],
    ['returns a promise', returning(Promise.resolve({ contentType, body: {} })), promised],
    ['returns a promise that rejects', (() => Promise.reject(new Error('late'))) as never, promised],
    [
      'returns a thenable that throws',
      returning({
        then() {
          throw new Error('then')
        },
      }),
      promised,
    ],
    ['returns a body that is a promise', returning({ contentType, body: Promise.resolve('') }), bodyPromised],
    ['returns no content type', returning({ body: {} }), noType],
    ['returns a content type that is no string', returning({ contentType: ['a/b'], body: {} }), noType],
    ['returns an empty content type', returning({ contentType: '', body: {} }), noType],
    ['returns a content type without a subtype', returning({ contentType: 'json', body: {} }), noType],
    ['returns a content type with a line break', returning({ contentType: 'a/b\r\nX: y', body: {} }), noType],
    ['returns a content type that ends a line', returning({ contentType: 'a/b\n', body: {} }), noType],
    ['injects a header by a parameter', returning({ contentType: 'a/b;\r\nX: y', body: {} }), noType],
    ['returns a content type beyond ASCII', returning({ contentType: 'a/b; c=é', body: {} }), noType],
    ['returns a long content type', returning({ contentType: `a/b;${'x'.repeat(300)}`, body: {} }), noType],
    ...[
      'a/',
      '/b',
      ' a/b',
      'a/b ',
      'a b/c',
      'a/b c',
      'a/b/c',
      'a/b,',
      'a/b;\x7f',
      `a/b;${'x'.repeat(253)}`,
    ].map(
      (type) => [`returns the type ${type}`, returning({ contentType: type, body: {} }), noType] as const,
    ),
    ['returns no body', returning({ contentType }), noJson],
    ['returns a function as body', returning({ contentType, body: () => '' }), noJson],
    ['returns a body without JSON', returning({ contentType, body: 1n }), threw],
    ['returns a circular body', returning({ contentType, body: circular }), threw],
    [
      'returns an object that cannot be read',
      returning({
        get contentType() {
          throw new Error('getter')
        },
      }),
      threw,
    ],
  ]

  it.each(broken)('and %s leaves the default body, with one warning', (_title, format, what) => {
    const warn = vi.fn()
    const write = bodyWriter(format, warn)
    expect([write(expired), write(expired)]).toEqual([standard, standard])
    expect(warn.mock.calls).toEqual([
      [
        `oauth-resource-server: errorFormat: ${what}, so the default body is sent; return { contentType, body }`,
        'OAUTH_ERROR_FORMAT',
      ],
    ])
  })

  it('changes nothing of the default body, also when it changed the error', () => {
    const error = new InvalidTokenError('expired')
    const write = bodyWriter((given, body) => {
      given.message = 'changed'
      Object.assign(body, { error: 'changed' })
      throw new Error('then')
    }, vi.fn())
    expect(write(error)).toEqual(standard)
  })
})
