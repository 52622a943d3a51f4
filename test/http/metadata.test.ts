import { createResourceServer } from 'oauth-resource-server'
import { protectedResourceMetadata } from 'oauth-resource-server/fetch'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'
import { metadataHandler, metadataUrl, publication } from '../../src/http/metadata.ts'

const issuer = await createTestIssuer({ issuer: 'https://issuer.test', algorithms: ['ES256'] })

describe('the URL of the metadata (RFC 9728 §3.1)', () => {
  it.each([
    ['https://api.test', 'https://api.test/.well-known/oauth-protected-resource'],
    ['https://api.test/', 'https://api.test/.well-known/oauth-protected-resource'],
    ['https://api.test/mcp', 'https://api.test/.well-known/oauth-protected-resource/mcp'],
    ['https://api.test/mcp/', 'https://api.test/.well-known/oauth-protected-resource/mcp/'],
    ['https://api.test:8443/a/b', 'https://api.test:8443/.well-known/oauth-protected-resource/a/b'],
    ['HTTPS://API.test:443/Mcp', 'https://api.test/.well-known/oauth-protected-resource/Mcp'],
    ['https://api.test/mcp?k=v', 'https://api.test/.well-known/oauth-protected-resource/mcp?k=v'],
    ['https://api.test/?k=v', 'https://api.test/.well-known/oauth-protected-resource?k=v'],
    ['https://api.test/?k=a\\b', 'https://api.test/.well-known/oauth-protected-resource?k=a%5Cb'],
  ])('of %s is %s', (resource, url) => {
    expect(metadataUrl(resource)).toBe(url)
  })
})

describe('metadataHandler()', () => {
  const handle = metadataHandler('https://api.test/mcp', '{}')
  const path = '/.well-known/oauth-protected-resource/mcp'
  const get = (url: string): number | undefined => handle({ method: 'GET', url, headers: {} })?.status

  it.each([
    path,
    `${path}?x`,
    `${path}#x`,
    `${path}#x?y`,
    `https://any.test${path}`,
    `HTTP://any.test:1${path}?x`,
  ])('responds at %s', (url) => expect(get(url)).toBe(200))

  it.each([
    `${path}/`,
    `/x${path}`,
    `/x?${path}`,
    `/x#${path}`,
    `ftp://any.test${path}`,
    `//any.test${path}`,
    '*',
    '',
  ])('does not respond at %s', (url) => expect(get(url)).toBeUndefined())

  it('responds to HEAD as to GET', () => {
    expect(handle({ method: 'HEAD', url: path, headers: {} })).toMatchObject({ status: 200, body: '{}' })
  })

  it('needs the query of an identifier that has one', () => {
    const withQuery = metadataHandler('https://api.test/mcp?k=v', '{}')
    const at = (url: string): unknown => withQuery({ url, headers: {} })
    expect(at(`${path}?k=v`)).toMatchObject({ status: 200 })
    for (const url of [path, `${path}?k=w`, `${path}?k=v&x`]) expect(at(url)).toBeUndefined()
  })

  it('goes by the method and the URL that the client sent', () => {
    const request = { method: 'GET', url: '/mcp', originalUrl: path, headers: {} }
    expect(handle(request)).toMatchObject({ status: 200 })
    expect(handle({ ...request, originalMethod: 'POST' })).toMatchObject({ status: 405 })
    expect(handle({ ...request, url: path, originalUrl: '/mcp' })).toBeUndefined()
  })

  it.each([
    ['x-a, x-b', 'x-a, x-b'],
    [undefined, '*'],
    ['x\u00e9', '*'],
    ['x\ny', '*'],
    ['a'.repeat(4096), 'a'.repeat(4096)],
    ['a'.repeat(4097), '*'],
  ])('repeats the names of headers of a preflight, if they are names: %j', (asked, allowed) => {
    const headers = { 'access-control-request-headers': asked }
    expect(handle({ method: 'OPTIONS', url: path, headers })?.headers).toMatchObject({
      'Access-Control-Allow-Headers': allowed,
      'Access-Control-Max-Age': '3600',
      Vary: 'Access-Control-Request-Headers',
    })
  })

  const open = { 'Access-Control-Allow-Origin': '*' }
  const methods = 'GET, HEAD, OPTIONS'

  it('serves the document to every page, with its length in bytes', () => {
    const document = '{"resource_name":"é"}'
    const response = metadataHandler('https://api.test/mcp', document)({ url: path, headers: {} })
    expect(response).toEqual({
      status: 200,
      headers: {
        ...open,
        'Cache-Control': 'max-age=3600',
        'Content-Type': 'application/json',
        'Content-Length': '22',
      },
      body: document,
    })
  })

  it('responds to a preflight with nothing but headers', () => {
    expect(handle({ method: 'OPTIONS', url: path, headers: {} })).toEqual({
      status: 204,
      headers: {
        ...open,
        Allow: methods,
        'Access-Control-Allow-Methods': methods,
        'Access-Control-Allow-Headers': '*',
        'Access-Control-Max-Age': '3600',
        Vary: 'Access-Control-Request-Headers',
      },
      body: '',
    })
  })

  it('says that the metadata can only be read', () => {
    expect(handle({ method: 'POST', url: path, headers: {} })).toEqual({
      status: 405,
      headers: {
        ...open,
        Allow: methods,
        'Cache-Control': 'no-store',
        'Content-Type': 'application/json',
      },
      body: JSON.stringify({
        error: 'method_not_allowed',
        error_description: 'The metadata can only be read',
      }),
    })
  })
})

describe('publication()', () => {
  it('makes the path and the handler of a document', () => {
    const { path, respond } = publication({ resource: 'https://api.test/mcp' })
    expect(path).toBe('/.well-known/oauth-protected-resource/mcp')
    expect(respond({ url: path, headers: {} })?.body).toBe('{"resource":"https://api.test/mcp"}')
  })
})

describe('the last protectedResourceMetadata() of a resource server', () => {
  it('is what verifyJwt() serves; each serves its own', async () => {
    const api = createResourceServer({ ...issuer.options, resource: 'https://api.test' })
    const url = 'https://api.test/.well-known/oauth-protected-resource'
    const first = protectedResourceMetadata(api, { resourceName: 'first' })
    protectedResourceMetadata(api, { resourceName: 'second' })
    const { verifyJwt } = await import('oauth-resource-server/fetch')
    expect(await first(new Request(url))?.json()).toMatchObject({ resource_name: 'first' })
    const served = (await verifyJwt(api)(new Request(url))) as unknown as Response
    expect(await served.json()).toMatchObject({ resource_name: 'second' })
  })
})
