import { describe, expect, it } from 'vitest'
import { checkMembers, splitMembers } from '../../src/options/metadata-members.ts'

const at = 'protectedResourceMetadata'

describe('splitMembers()', () => {
  it('tells members of the document from options, by their names', () => {
    expect(splitMembers({ resourceName: 'a', vendor_tier: 1, 'resource_name#fr': 'b' })).toEqual({
      options: { resourceName: 'a' },
      members: { vendor_tier: 1, 'resource_name#fr': 'b' },
    })
  })

  it.each([undefined, null, 'text', { resourceName: 'a' }, new Map()])(
    'leaves what has no members as it is: %o',
    (options) => {
      const split = splitMembers(options)
      expect(split.options).toBe(options)
      expect(split.members).toEqual({})
    },
  )
})

describe('checkMembers()', () => {
  const check = (members: object, options = {}, isOwnFunction = false): object =>
    checkMembers(members, options, isOwnFunction)

  it.each<[string, object, object]>([
    ['any value of JSON', { a_b: 0, b_: false, c_d: { e: null }, f_g: ['h'], i_: 'j' }, {}],
    ['a name in a language', { 'resource_name#fr': 'a', 'resource_tos_uri#de-CH': 'b' }, {}],
  ])('takes %s', (_what, members) => {
    expect(check(members, { resourceName: 'a', resourceTosUri: 'b' })).toEqual(members)
  })

  it('leaves out what is undefined', () => {
    expect(check({ scopes_supported: undefined, vendor_a: 1 })).toEqual({ vendor_a: 1 })
  })

  it('takes the methods where a function of the application finds the token', () => {
    const members = { bearer_methods_supported: ['header'] }
    expect(check(members, {}, true)).toEqual(members)
    expect(() => check({ dpop_bound_access_tokens_required: true }, {}, true)).toThrow(TypeError)
    expect(() => check({ vendor_tier: null }, {}, true)).toThrow(TypeError)
  })

  it.each([
    ['authorization_servers', 'authorizationServers'],
    ['jwks_uri', 'jwksUri'],
    ['scopes_supported', 'scopesSupported'],
    ['resource_signing_alg_values_supported', 'resourceSigningAlgValuesSupported'],
    ['resource_name', 'resourceName'],
    ['resource_documentation', 'resourceDocumentation'],
    ['resource_policy_uri', 'resourcePolicyUri'],
    ['resource_tos_uri', 'resourceTosUri'],
    ['authorization_details_types_supported', 'authorizationDetailsTypesSupported'],
  ])('leads from %s to the option', (name, option) => {
    expect(() => check({ [name]: 'x' })).toThrow(new TypeError(`${at}.${name}: use the option ${option}`))
  })

  it.each([
    ['bearer_methods_supported', 'tokenFrom'],
    ['tls_client_certificate_bound_access_tokens', 'mtls'],
    ['dpop_signing_alg_values_supported', 'dpop.algorithms'],
    ['dpop_bound_access_tokens_required', 'dpop.required'],
  ])('leaves %s to the resource server', (name, option) => {
    expect(() => check({ [name]: true })).toThrow(
      new TypeError(`${at}.${name}: follows from the option ${option} of the resource server; leave it out`),
    )
  })

  const languages =
    'only resource_name, resource_documentation, resource_policy_uri, resource_tos_uri can have a language'
  const empty = 'must be a JSON value that is not empty; leave the member out otherwise'
  it.each<[string, unknown, string]>([
    ['signed_metadata', 'x', 'is not supported; clients read the document itself'],
    ['scopes_suported', ['a'], 'did you mean scopes_supported?'],
    ['dpop_signing_alg_value_supported', ['a'], 'did you mean dpop_signing_alg_values_supported?'],
    ['vendor_tier#fr', 'x', languages],
    ['scopes_supported#fr', 'x', languages],
    ['resource_name#fr#de', 'x', languages],
    ['resource_name#', 'x', '"" is no language tag (BCP 47), for example fr or de-CH'],
    ['resource_name#a b', 'x', '"a b" is no language tag (BCP 47), for example fr or de-CH'],
    [
      'resource_policy_uri#fr',
      'x',
      'set resourcePolicyUri too, for clients that know no language (RFC 9728 §2.1)',
    ],
    ['vendor_null', null, empty],
    ['vendor_text', '', empty],
    ['vendor_list', [], empty],
    ['vendor_function', () => 1, empty],
    ['vendor_symbol', Symbol('x'), empty],
    ['vendor_number', NaN, empty],
    ['vendor_bigint', 1n, empty],
  ])('refuses %s: %o', (name, value, message) => {
    expect(() => check({ [name]: value }, { resourceName: 'a' })).toThrow(TypeError)
    expect(() => check({ [name]: value }, { resourceName: 'a' })).toThrow(`${at}.${name}: ${message}`)
  })

  it('refuses what cannot be written as JSON', () => {
    const circle: unknown[] = []
    circle.push(circle)
    expect(() => check({ vendor_circle: circle })).toThrow(`${at}.vendor_circle: ${empty}`)
  })
})
