import { firstOf, fromBody, fromCookie, fromHeader, fromQuery } from 'oauth-resource-server'
import { expect, it } from 'vitest'
import { bearerMethodsOf } from '../../src/http/bearer-methods.ts'

const ofApplication = () => undefined

it.each([
  ['the Authorization header', fromHeader(), ['header']],
  ['another header', fromHeader('x-api-token'), []],
  ['the query', fromQuery(), ['query']],
  ['the body', fromBody(), ['body']],
  ['a cookie', fromCookie('t', { csrf: {} }), []],
  ['several', firstOf(fromHeader(), fromQuery(), fromHeader('x'), fromHeader()), ['header', 'query']],
  ['a function of the application', ofApplication, undefined],
  [
    "an extractor of the package's other build",
    Object.assign(() => undefined, { [Symbol.for('oauth-resource-server.bearer-methods')]: ['query'] }),
    ['query'],
  ],
  ['several, one of the application', firstOf(fromHeader(), ofApplication), undefined],
])('the standard places of %s are known', (_title, extract, methods) => {
  expect(bearerMethodsOf(extract)).toEqual(methods)
})
