import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  createResourceServer,
  type ProtectedResourceMetadataOptions,
  type ResourceServerLike,
} from 'oauth-resource-server'
import { protectedResourceMetadata } from 'oauth-resource-server/fetch'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { metadataApps } from '../support/metadata-apps.ts'

const issuer = await createTestIssuer({ issuer: 'https://issuer.test', algorithms: ['ES256'] })
const closing: (() => unknown)[] = []
afterAll(() => Promise.all(closing.map((close) => close())))

const resource = 'https://api.test/tools/mcp'
const path = '/.well-known/oauth-protected-resource/tools/mcp'
const scopes = ['read', 'write']
const api = createResourceServer({ ...issuer.options, resource, challengeScopes: scopes })
const publish = (options: ProtectedResourceMetadataOptions, of: ResourceServerLike = api) =>
  protectedResourceMetadata(of, options)
const withResource = (value: string) => () => createResourceServer({ ...issuer.options, resource: value })

describe.each(Object.entries(metadataApps))('protected resource metadata on %s', (_name, make) => {
  const started = (async () => {
    const options: ProtectedResourceMetadataOptions = {
      scopesSupported: scopes,
      resourceName: 'Tools',
      'resource_name#fr': 'Outils',
    }
    const listener = await make(api, options, 'metadata first')
    const server = createServer((req, res) => void listener(req, res))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closing.push(() => {
      server.closeAllConnections()
      server.close()
    })
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })()
  const ask = async (target: string, init: RequestInit = {}): Promise<Response> =>
    await fetch(`${await started}${target}`, init)
  const document = async (): Promise<Record<string, unknown>> =>
    (await (await ask(path)).json()) as Record<string, unknown>
  const bearer = (token: string): RequestInit => ({ headers: { authorization: `Bearer ${token}` } })
  const challenge = (response: Response): string => response.headers.get('www-authenticate') ?? ''

  it('RFC9728-2-1 resource is the identifier of the configuration, whatever Host says', async () => {
    expect(await document()).toMatchObject({ resource })
  })

  it('RFC9728-2-3 RFC9728-2-5 scopes_supported and resource_name are there', async () => {
    expect(await document()).toMatchObject({ scopes_supported: scopes, resource_name: 'Tools' })
  })

  it('RFC9728-2-6 bearer_methods_supported has what is accepted', async () => {
    expect(await document()).toMatchObject({ bearer_methods_supported: ['header'] })
    const token = await issuer.sign({ scope: 'read' })
    expect((await ask('/', bearer(token))).status).toBe(200)
    expect((await ask(`/?access_token=${token}`)).status).toBe(401)
  })

  it('RFC9728-3-1 MCP-OVERVIEW-4 MCP-PRM-2 the document is at the path form of the well-known URL', async () => {
    expect((await ask(path)).status).toBe(200)
    expect((await ask('/.well-known/oauth-protected-resource')).status).not.toBe(200)
  })

  it('RFC9728-3.1-2 RFC9728-3.2-1 GET and HEAD need no token; the document is a JSON object', async () => {
    const response = await ask(path)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toMatch(/^application\/json/)
    expect(Object.prototype.toString.call(await response.json())).toBe('[object Object]')
    expect((await ask(path, { method: 'HEAD' })).status).toBe(200)
  })

  it('RFC9728-3.2-2 members without a value are left out', async () => {
    for (const value of Object.values(await document())) {
      expect(value === null || value === '' || (Array.isArray(value) && value.length === 0)).toBe(false)
    }
    expect(await document()).not.toHaveProperty('jwks_uri')
  })

  it('RFC9728-5.1-1 MCP-DISC-PRM-1 every challenge leads to the document', async () => {
    const weak = await issuer.sign({ scope: 'other' })
    for (const init of [{}, bearer('x'), { headers: { authorization: 'Bearer' } }, bearer(weak)]) {
      const response = await ask('/', init)
      if (response.status === 200) continue
      expect(challenge(response)).toContain(`resource_metadata="https://api.test${path}"`)
    }
  })

  it('MCP-DISC-LOC-1 the document names an authorization server', async () => {
    expect(await document()).toMatchObject({ authorization_servers: ['https://issuer.test'] })
  })

  it('MCP-SCOPE-1 a 401 names the scopes that a client needs', async () => {
    expect(challenge(await ask('/'))).toMatch(/, scope="read(?: write)?"$/)
    expect(challenge(await ask('/', bearer('a.b.c')))).toMatch(/, scope="read(?: write)?"$/)
  })

  it('MCP-401-1 without a token every method is 401', async () => {
    for (const method of ['GET', 'POST', 'DELETE', 'PUT']) {
      const body = method === 'POST' ? '{ not json' : null
      const headers = body === null ? {} : { 'content-type': 'application/json' }
      // Fastify has no route for the other methods here.
      expect((await ask('/', { method, body, headers })).status).toBe(401)
    }
  })
})

describe('the configuration of metadata', () => {
  it('RFC9728-1.2-1 RFC8707-2-1 the identifier is an absolute https URL without fragment', () => {
    expect(withResource(resource)).not.toThrow()
    for (const value of [
      'http://api.test',
      'https://api.test/#x',
      'api.test',
      '/mcp',
      'https://u:p@api.test',
    ]) {
      expect(withResource(value)).toThrow(/^resource: /)
    }
  })

  it('RFC8707-2-2 a query in the identifier is warned of', () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    withResource('https://api.test/mcp?x=1')()
    expect(warned).toHaveBeenCalledTimes(1)
    warned.mockRestore()
  })

  it('RFC9728-2-2 jwks_uri is https', () => {
    expect(() => publish({ jwksUri: 'https://api.test/keys' })).not.toThrow()
    expect(() => publish({ jwksUri: 'http://api.test/keys' })).toThrow(TypeError)
  })

  it('RFC9728-2-4 none is not among the algorithms', () => {
    expect(() => publish({ resourceSigningAlgValuesSupported: ['ES256'] })).not.toThrow()
    expect(() => publish({ resourceSigningAlgValuesSupported: ['ES256', 'none'] })).toThrow(TypeError)
  })

  it('RFC9728-2.1-1 a name in a language has a tag of BCP 47, and a default', () => {
    expect(() => publish({ resourceName: 'Tools', 'resource_name#de-CH': 'Werkzeuge' })).not.toThrow()
    expect(() => publish({ resourceName: 'Tools', 'resource_name#d_e': 'Werkzeuge' })).toThrow(TypeError)
    expect(() => publish({ 'resource_name#de-CH': 'Werkzeuge' })).toThrow(TypeError)
  })

  it('RFC9728-2.2-1 there is no signed metadata', () => {
    expect(() => publish({ signed_metadata: 'a.b.c' })).toThrow(TypeError)
  })

  it.each([
    ['https://api.test', '/.well-known/oauth-protected-resource'],
    ['https://api.test/', '/.well-known/oauth-protected-resource'],
    ['https://api.test/mcp/', '/.well-known/oauth-protected-resource/mcp/'],
    ['https://api.test/mcp?a=b', '/.well-known/oauth-protected-resource/mcp?a=b'],
  ])('RFC9728-3.1-1 RFC9728-3.3-1 %s has its document at %s', async (identifier, target) => {
    const silent = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    const serve = publish({}, withResource(identifier)())
    silent.mockRestore()
    const response = serve(new Request(`https://api.test${target}`))
    expect(await response?.json()).toMatchObject({ resource: identifier })
  })

  it('RFC9728-6-1 paths and identifiers are compared by code points', async () => {
    const serve = publish({}, withResource('https://API.test/Mcp')())
    const at = (name: string): Response | undefined =>
      serve(new Request(`https://api.test/.well-known/oauth-protected-resource/${name}`))
    expect(await at('Mcp')?.json()).toMatchObject({ resource: 'https://API.test/Mcp' })
    for (const name of ['mcp', '%4Dcp', 'Mcp/']) expect(at(name)).toBeUndefined()
  })

  it('MCP-CANON-1 an identifier in capitals leads to the canonical URL', async () => {
    const of = withResource('HTTPS://API.test/mcp')()
    const refused: unknown = await of.authenticate({ url: '/', headers: {} }).catch((error: unknown) => error)
    expect(of.refuse(refused).headers['WWW-Authenticate']).toContain(
      'resource_metadata="https://api.test/.well-known/oauth-protected-resource/mcp"',
    )
  })

  it('MCP-REFRESH-1 offline_access in scopes is warned of', () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    publish({ scopesSupported: ['read', 'offline_access'] })
    createResourceServer({ ...issuer.options, challengeScopes: ['offline_access'] })
    expect(warned).toHaveBeenCalledTimes(2)
    warned.mockRestore()
  })
})
