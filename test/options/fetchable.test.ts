import { describe, expect, it } from 'vitest'
import { checkFetchable } from '../../src/options/fetchable.ts'

describe('checkFetchable', () => {
  it('takes https, and http from a host that is listed', () => {
    expect(checkFetchable('https://a.test/x', 'uri', '', []).href).toBe('https://a.test/x')
    expect(checkFetchable('http://a.test/x', 'uri', '', ['a.test']).href).toBe('http://a.test/x')
  })

  it.each([
    ['a.test', 'uri: must be an https URL; or else'],
    ['ftp://a.test', 'uri: must be an https URL; or else'],
    ['https://user@a.test', 'uri: must not have a user name or password'],
    ['https://:word@a.test', 'uri: must not have a user name or password'],
    ['http://a.test:80/x', "set allowInsecureHosts: ['a.test']; or else"],
    ['http://a.test:8080/x', "set allowInsecureHosts: ['a.test:8080']; or else"],
  ])('refuses %s', (value, message) => {
    expect(() => checkFetchable(value, 'uri', '; or else', [])).toThrow(message)
  })
})
