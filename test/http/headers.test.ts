import type { HttpRequest } from 'oauth-resource-server'
import { describe, expect, it } from 'vitest'
import { firstHeader, headerValues, onlyHeader } from '../../src/http/headers.ts'

const repeated = new Error('repeated')
const only = (request: HttpRequest): string | undefined => onlyHeader(request, 'x-a', () => repeated)

describe('a header', () => {
  it.each<[string, HttpRequest, unknown]>([
    ['Node', { headers: { 'x-a': '1' }, rawHeaders: ['X-A', '1'] }, '1'],
    ['the web', { headers: new Headers({ 'X-A': '1' }) }, '1'],
    ['an event', { headers: { 'X-A': '1' } }, ['1']],
    ['an event, in two cases', { headers: { 'X-A': '1', 'x-a': '2' } }, ['1', '2']],
    ['an event, with lists', { headers: { 'X-A': ['1', '2'], 'x-a': undefined } }, ['1', '2']],
  ])('has every value the request shows: %s', (_title, request, values) => {
    expect(headerValues(request, 'x-a')).toEqual(values)
  })

  it.each<[string, HttpRequest]>([
    ['Node', { headers: {}, rawHeaders: [] }],
    ['Node, which writes small letters', { headers: { 'X-A': '1' }, rawHeaders: [] }],
    [
      'Node, with an inherited one',
      { headers: Object.create({ 'x-a': '1' }) as object as never, rawHeaders: [] },
    ],
    ['the web', { headers: new Headers() }],
    ['headers that are null', { headers: null as never }],
    ['headers that are undefined', { headers: undefined as never }],
  ])('is undefined where there is none: %s', (_title, request) => {
    expect(headerValues(request, 'x-a')).toBeUndefined()
    expect(only(request)).toBeUndefined()
  })

  it('has no values where an event has none', () => {
    expect(headerValues({ headers: { 'x-b': '1' } }, 'x-a')).toBeUndefined()
    expect(only({ headers: { 'x-b': '1' } })).toBeUndefined()
  })

  it('has a first value', () => {
    expect(firstHeader({ headers: { 'x-a': ['1', '2'] } }, 'x-a')).toBe('1')
    expect(firstHeader({ headers: { 'x-a': '12' }, rawHeaders: [] }, 'x-a')).toBe('12')
    expect(firstHeader({ headers: {} }, 'x-a')).toBeUndefined()
  })
})

describe('a header that may be sent once', () => {
  it.each<[string, HttpRequest]>([
    ['in the list of Node', { headers: { 'x-a': '1' }, rawHeaders: ['X-A', '1', 'X-B', 'x-a', 'X-C', '2'] }],
    ['as one of an event', { headers: { 'X-A': '1' } }],
    ['as a list of one', { headers: { 'x-a': ['1'] } }],
  ])('is found once %s', (_title, request) => {
    expect(only(request)).toBe('1')
  })

  it.each<[string, HttpRequest]>([
    ['in the list of Node', { headers: { 'x-a': '1' }, rawHeaders: ['X-A', '1', 'X-B', 'x-a', 'x-a', '2'] }],
    ['in two cases of an event', { headers: { 'X-A': '1', 'x-a': '1' } }],
    ['as a list', { headers: { 'x-a': ['1', '1'] } }],
  ])('is refused when it comes twice %s', (_title, request) => {
    expect(() => only(request)).toThrow(repeated)
  })
})
