import { createResourceServer } from 'oauth-resource-server'
import { describe, expect, it } from 'vitest'
import { checkResource, resourceWarnings } from '../../src/options/resource.ts'

describe('the option resource', () => {
  it.each([
    'https://api.example.com',
    'https://api.example.com/',
    'https://api.example.com/mcp',
    'https://API.example.com:443/a%20b',
    'https://api.example.com/v1?tenant=a',
    'https://[2001:db8::1]:8443/mcp',
    'http://localhost:3000',
    'http://127.0.0.1:3000/mcp',
    'http://[::1]',
  ])('takes %s and keeps it as it is written', (resource) => {
    expect(checkResource(resource, [])).toBe(resource)
  })

  it('takes plain http from a listed host alone', () => {
    expect(checkResource('http://api:8080/x', ['api:8080'])).toBe('http://api:8080/x')
    expect(() => checkResource('http://api:8081/x', ['api:8080'])).toThrow(
      "resource: must be an https URL; for plain http list its host: allowInsecureHosts: ['api:8081']",
    )
  })

  it('may be left out', () => {
    expect(checkResource(undefined, [])).toBeUndefined()
  })

  it.each([
    ['null', null, 'must be the public URL'],
    ['a URL object', new URL('https://api.example.com'), 'must be the public URL'],
    ['empty text', '', 'must be the public URL'],
    ['a path', '/mcp', 'must be the public URL'],
    ['a host', 'api.example.com', 'must be the public URL'],
    ['a fragment', 'https://api.example.com/#a', 'no fragment'],
    ['an empty fragment', 'https://api.example.com/#', 'no fragment'],
    ['a user name', 'https://user@api.example.com', 'no user name'],
    ['a password', 'https://:secret@api.example.com', 'no user name'],
    ['plain http', 'http://api.example.com', 'must be an https URL'],
    ['another scheme', 'urn:example:api', 'must be an https URL'],
    ['dot segments', 'https://api.example.com/a/../b', 'write "https://api.example.com/b"'],
    ['a backslash', 'https://api.example.com\\b', 'must be a plain URL'],
    ['an encoded slash', 'https://api.example.com/a%2fb', 'must be a plain URL'],
    ['a space at its end', 'https://api.example.com/ ', 'must be a plain URL'],
    ['a line break in it', 'https://api.exa\nmple.com/', 'must be a plain URL'],
  ])('refuses %s', (_name, resource, message) => {
    expect(() => checkResource(resource, [])).toThrow(TypeError)
    expect(() => checkResource(resource, [])).toThrow(message)
  })

  it('is an option of a resource server', () => {
    const options = { issuer: 'https://issuer.test/', audience: 'https://api.test' }
    expect(() => createResourceServer({ ...options, resource: 'https://api.test/' })).not.toThrow()
    expect(() => createResourceServer({ ...options, resource: 'http://api.test/' })).toThrow(/^resource: /)
    const listed = { ...options, resource: 'http://api.test/', allowInsecureHosts: ['api.test'] }
    expect(() => createResourceServer(listed)).not.toThrow()
  })
})

describe('resourceWarnings', () => {
  it('warns of a query, under a code for filters', () => {
    expect(resourceWarnings('https://api.test/?a')).toEqual([
      { code: 'OAUTH_RESOURCE_QUERY', message: expect.stringContaining('has a query') as string },
    ])
  })

  it.each([undefined, 'https://api.test/a'])('is silent about %s', (resource) => {
    expect(resourceWarnings(resource)).toEqual([])
  })
})
