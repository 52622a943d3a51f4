import {
  createResourceServer,
  fromCookie,
  type ProtectedResourceMetadataOptions,
  type ResourceServerLike,
} from 'oauth-resource-server'
import { protectedResourceMetadata } from 'oauth-resource-server/fetch'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'

const issuer = await createTestIssuer({ issuer: 'https://issuer.test', algorithms: ['ES256'] })
const resource = 'https://api.test/mcp'
const { jwks } = issuer.options
const audience = 'https://api.test/mcp'

function apiWith(options: object = {}): ReturnType<typeof createResourceServer> {
  return createResourceServer({ ...issuer.options, resource, ...options })
}

async function documentOf(
  options?: object,
  api: ResourceServerLike = apiWith(),
): Promise<Record<string, unknown>> {
  const serve = protectedResourceMetadata(api, options as ProtectedResourceMetadataOptions)
  const response = serve(new Request('https://api.test/.well-known/oauth-protected-resource/mcp'))
  return (await response?.json()) as Record<string, unknown>
}
const make =
  (options: object, api: ResourceServerLike = apiWith()) =>
  () =>
    protectedResourceMetadata(api, options as ProtectedResourceMetadataOptions)

afterEach(() => vi.restoreAllMocks())

describe('protectedResourceMetadata()', () => {
  it('publishes what the resource server knows, without options', async () => {
    expect(await documentOf()).toEqual({
      resource,
      authorization_servers: ['https://issuer.test'],
      bearer_methods_supported: ['header'],
    })
  })

  it('publishes every option under its name, and other members as they are', async () => {
    const document = await documentOf({
      authorizationServers: ['https://login.test/tenant'],
      scopesSupported: ['read'],
      resourceName: 'Reports',
      'resource_name#fr': 'Rapports',
      resourceDocumentation: 'https://api.test/docs',
      resourcePolicyUri: 'https://api.test/policy',
      resourceTosUri: 'https://api.test/terms',
      jwksUri: 'https://api.test/keys',
      resourceSigningAlgValuesSupported: ['ES256'],
      authorizationDetailsTypesSupported: ['payment'],
      vendor_tier: { gold: true },
      vendor_none: undefined,
    })
    expect(document).toEqual({
      resource,
      authorization_servers: ['https://login.test/tenant'],
      jwks_uri: 'https://api.test/keys',
      scopes_supported: ['read'],
      bearer_methods_supported: ['header'],
      resource_signing_alg_values_supported: ['ES256'],
      resource_name: 'Reports',
      resource_documentation: 'https://api.test/docs',
      resource_policy_uri: 'https://api.test/policy',
      resource_tos_uri: 'https://api.test/terms',
      authorization_details_types_supported: ['payment'],
      'resource_name#fr': 'Rapports',
      vendor_tier: { gold: true },
    })
  })

  it('publishes how tokens are bound to their senders', async () => {
    const bound = { dpop: { algorithms: ['ES256'], required: true }, mtls: { certificate: 'socket' } }
    expect(await documentOf({}, apiWith(bound))).toMatchObject({
      dpop_signing_alg_values_supported: ['ES256'],
      dpop_bound_access_tokens_required: true,
      tls_client_certificate_bound_access_tokens: true,
    })
    const free = await documentOf({}, apiWith({ dpop: { algorithms: ['ES256'] } }))
    expect(free).not.toHaveProperty('dpop_bound_access_tokens_required')
  })

  it('publishes no method where tokens come in cookies alone', async () => {
    const api = apiWith({ tokenFrom: fromCookie('token', { csrf: {} }) })
    expect(await documentOf({}, api)).not.toHaveProperty('bearer_methods_supported')
  })

  it('names the fix', () => {
    expect(make({ authorizationServers: ['https://a.test/?x'] })).toThrow(
      /authorizationServers: an issuer has no query and no fragment \(RFC 8414 §2\)$/,
    )
    expect(make({ authorizationServers: ['a.test'] })).toThrow(/must be an https URL$/)
    expect(make({ jwksUri: 'a.test' })).toThrow(/jwksUri: must be an https URL$/)
    expect(make({ resourceSigningAlgValuesSupported: ['none'] })).toThrow(
      /must not contain none \(RFC 9728 §2\)$/,
    )
  })

  it('needs a resource server with resource', () => {
    expect(make({}, createResourceServer(issuer.options))).toThrow(
      /^protectedResourceMetadata: set the option resource/,
    )
    expect(make({}, issuer.options as never)).toThrow(/^protectedResourceMetadata: pass a resource server/)
    expect(make({}, createResourceServer(issuer.options))).toThrow(TypeError)
  })

  it('takes the issuers that are URLs, or needs authorizationServers', async () => {
    const entry = (name: string): object => ({ issuer: name, jwks })
    const several = apiWith({
      issuer: undefined,
      jwks: undefined,
      audience,
      issuers: [
        ...['https://a.test', 'plain-name', 'https://b.test/x', 'https://c.test/?x', 'http://d.test'].map(
          entry,
        ),
      ],
    })
    expect((await documentOf({}, several))['authorization_servers']).toEqual([
      'https://a.test',
      'https://b.test/x',
    ])
    const named = createResourceServer({ issuer: 'plain-name', audience, jwks, resource })
    expect(make({}, named)).toThrow(/authorizationServers: list the https URLs/)
    const dynamic = createResourceServer({ audience, resource, issuers: () => undefined })
    expect(make({}, dynamic)).toThrow(/authorizationServers: list the issuers/)
    expect(make({ authorizationServers: ['https://a.test'] }, dynamic)).not.toThrow()
  })

  it.each<[string, object]>([
    ['authorizationServers', { authorizationServers: [] }],
    ['authorizationServers', { authorizationServers: ['http://a.test'] }],
    ['authorizationServers', { authorizationServers: ['https://a.test/#x'] }],
    ['authorizationServers', { authorizationServers: ['https://a.test/?x'] }],
    ['authorizationServers', { authorizationServers: ['a.test'] }],
    ['authorizationServers', { authorizationServers: ['https://u:p@a.test'] }],
    ['authorizationServers', { authorizationServers: null }],
    ['scopesSupported', { scopesSupported: [] }],
    ['scopesSupported', { scopesSupported: ['a b'] }],
    ['scopesSupported', { scopesSupported: ['a', 'a'] }],
    ['resourceName', { resourceName: '' }],
    ['resourceName', { resourceName: 1 }],
    ['resourceDocumentation', { resourceDocumentation: 'docs' }],
    ['resourcePolicyUri', { resourcePolicyUri: 'http://a.test/' }],
    ['resourceTosUri', { resourceTosUri: 'javascript:alert(1)' }],
    ['jwksUri', { jwksUri: 'http://a.test/keys' }],
    ['resourceSigningAlgValuesSupported', { resourceSigningAlgValuesSupported: ['ES256', 'none'] }],
    ['authorizationDetailsTypesSupported', { authorizationDetailsTypesSupported: [] }],
    ['authorization_servers', { authorization_servers: ['https://a.test'] }],
    ['signed_metadata', { signed_metadata: 'x' }],
    ['bearer_methods_supported', { bearer_methods_supported: ['header'] }],
    ['dpop_bound_access_tokens_required', { dpop_bound_access_tokens_required: true }],
    ['dpop_signing_alg_values_supported', { dpop_signing_alg_values_supported: ['ES256'] }],
    ['tls_client_certificate_bound_access_tokens', { tls_client_certificate_bound_access_tokens: true }],
    ['scopes_suported', { scopes_suported: ['read'] }],
    ['resource_name#fr', { 'resource_name#fr': 'Rapports' }],
    ['resource_name#not a tag', { resourceName: 'x', 'resource_name#not a tag': 'x' }],
    ['resource_name#fr#de', { resourceName: 'x', 'resource_name#fr#de': 'x' }],
    ['vendor_tier#fr', { 'vendor_tier#fr': 'x' }],
    ['vendor_list', { vendor_list: [] }],
    ['vendor_null', { vendor_null: null }],
    ['vendor_text', { vendor_text: '' }],
    ['vendor_function', { vendor_function: () => 1 }],
  ])('refuses a bad %s: %o', (name, options) => {
    const escaped = name.replaceAll(/[#]/g, '\\$&')
    expect(make(options)).toThrow(new RegExp(`^protectedResourceMetadata\\.${escaped}: `))
    expect(make(options)).toThrow(TypeError)
  })

  it('refuses options that do not exist, and what is no object', () => {
    expect(make({ scopeSupported: ['a'] })).toThrow(
      /unknown option scopeSupported \(did you mean scopesSupported/,
    )
    for (const options of [null, [], 'x', new Map()]) expect(make(options as object)).toThrow(TypeError)
  })

  it('names the option that a member follows from', () => {
    expect(make({ scopes_supported: ['a'] })).toThrow(/use the option scopesSupported$/)
    expect(make({ bearer_methods_supported: ['header'] })).toThrow(/option tokenFrom of the resource server/)
  })

  it('takes the methods from the application where its function finds the token', async () => {
    const api = apiWith({ tokenFrom: () => undefined })
    const document = await documentOf({ bearer_methods_supported: ['header'] }, api)
    expect(document['bearer_methods_supported']).toEqual(['header'])
  })

  it('accepts http where the resource server does', () => {
    const options = { authorizationServers: ['http://as:8080'] }
    expect(make(options)).toThrow(/allowInsecureHosts/)
    vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    expect(make(options, apiWith({ allowInsecureHosts: ['as:8080'] }))).not.toThrow()
  })

  it('warns of offline_access, here and in challengeScopes', () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    make({ scopesSupported: ['read'] })()
    expect(warned).not.toHaveBeenCalled()
    make({ scopesSupported: ['read', 'offline_access'] })()
    apiWith({ challengeScopes: ['offline_access'] })
    expect(warned.mock.calls).toEqual(
      ['protectedResourceMetadata.scopesSupported', 'challengeScopes'].map((name) => [
        `oauth-resource-server: ${name} has offline_access, which clients request for themselves; leave it out`,
        { code: 'OAUTH_OFFLINE_ACCESS' },
      ]),
    )
  })
})
