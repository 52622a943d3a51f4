import { expect, it } from 'vitest'
import { uncalledHint } from '../../src/options/uncalled.ts'

it.each<[string, object]>([
  ['of Node', { method: 'GET', headers: {} }],
  ['of the web', new Request('https://api.test/')],
  ['of a framework, in its context', { req: {} }],
])('a request %s is not made of options', (_what, request) => {
  expect(uncalledHint(request)).toBe(
    '; this is a request, so verifyJwt itself is the middleware: call it, for example app.use(verifyJwt(options))',
  )
})

it.each([
  undefined,
  null,
  'GET',
  [],
  {},
  { method: 'GET' },
  { headers: {} },
  { method: 1, headers: {} },
  { req: 'x' },
])('%j is no request', (value) => {
  expect(uncalledHint(value)).toBe('')
})
