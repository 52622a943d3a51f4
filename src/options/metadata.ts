import type { BearerMethod } from '../types.ts'
import { isFetchable } from '../lib/url.ts'
import { checkMembers, splitMembers } from './metadata-members.ts'
import { checkFetchable } from './fetchable.ts'
import { optionsReader, type OptionsReader } from './reader.ts'
import type { Warning } from './insecure-hosts.ts'
import type { Settings } from './settings.ts'
import { offlineWarnings, scopeNames } from './scope-names.ts'

/** Options of `protectedResourceMetadata()` (RFC 9728 §2). */
export interface ProtectedResourceMetadataOptions {
  /**
   * Issuers of authorization servers that clients can get tokens from: `https:`, without query and fragment.
   *
   * @default the issuers of the resource server that are such URLs; required with a function of issuers
   */
  readonly authorizationServers?: readonly string[] | undefined
  /** Scopes that clients can request for this API. Leave `offline_access` out. @default not published */
  readonly scopesSupported?: readonly string[] | undefined
  /** Name of this API, for users to read. @default not published */
  readonly resourceName?: string | undefined
  /** URL of a page for developers. @default not published */
  readonly resourceDocumentation?: string | undefined
  /** URL of a page about what clients may do with the data. @default not published */
  readonly resourcePolicyUri?: string | undefined
  /** URL of the terms of service. @default not published */
  readonly resourceTosUri?: string | undefined
  /** URL of this API's own keys, with which it signs responses: `https:`. @default not published */
  readonly jwksUri?: string | undefined
  /** Algorithms with which this API signs responses; never `none`. @default not published */
  readonly resourceSigningAlgValuesSupported?: readonly string[] | undefined
  /** Types of `authorization_details` (RFC 9396) that this API understands. @default not published */
  readonly authorizationDetailsTypesSupported?: readonly string[] | undefined
  /**
   * Any other member, by its name in the document, which has an underscore: `{ vendor_tier: 'gold' }`. Those that
   * follow from the options of the resource server cannot be set.
   */
  readonly [member: `${string}_${string}`]: unknown
  /** A name in another language, by its tag (BCP 47): `{ 'resource_name#fr': 'Rapports' }`. */
  readonly [name: `${string}#${string}`]: unknown
}

/** What the options of a resource server say about its metadata. */
export interface MetadataFacts {
  /** `undefined`: the option `resource` is not set. */
  readonly resource: string | undefined
  /** `undefined`: a function decides. */
  readonly issuers: readonly string[] | undefined
  /** `undefined`: a function of the application's finds the token. */
  readonly bearerMethods: readonly BearerMethod[] | undefined
  /** `undefined`: DPoP is off. */
  readonly dpop: { readonly algorithms: readonly string[]; readonly required: boolean } | undefined
  /** Whether tokens that are bound to a client certificate are accepted. */
  readonly certificates: boolean
  readonly allowInsecureHosts: readonly string[]
}

/** Collects what the settings say about the metadata. */
export function metadataFacts(
  { resource, issuers, dpop, mtls, allowInsecureHosts }: Settings<unknown>,
  bearerMethods: MetadataFacts['bearerMethods'],
): MetadataFacts {
  return {
    resource,
    issuers: issuers.from === 'function' ? undefined : issuers.issuers.map(({ issuer }) => issuer),
    bearerMethods,
    dpop,
    certificates: mtls !== undefined,
    allowInsecureHosts,
  }
}

/** A document of metadata. */
export type Metadata = Readonly<Record<string, unknown>>

const names = [
  'authorizationServers',
  'scopesSupported',
  'resourceName',
  'resourceDocumentation',
  'resourcePolicyUri',
  'resourceTosUri',
  'jwksUri',
  'resourceSigningAlgValuesSupported',
  'authorizationDetailsTypesSupported',
] as const
type Reader = OptionsReader<(typeof names)[number]>

const path = 'protectedResourceMetadata'

/**
 * Makes the metadata of a resource server (RFC 9728 §2). Members without a value are left out (§3.2).
 *
 * @throws {TypeError} for options that are missing or wrong, naming the fix
 */
export function metadataOf(given: unknown, facts: MetadataFacts): Metadata & { readonly resource: string } {
  const { resource, allowInsecureHosts, dpop } = facts
  if (resource === undefined) {
    throw new TypeError(
      `${path}: set the option resource of the resource server, the public URL of this API, for example https://api.example.com`,
    )
  }
  const { options, members } = splitMembers(given === undefined ? {} : given)
  const read = optionsReader(options, path, names)
  const url = (name: (typeof names)[number]): string | undefined => {
    const text = read.text(name)
    if (text !== undefined) checkFetchable(text, read.at(name), '', allowInsecureHosts)
    return text
  }
  return withoutAbsent({
    resource,
    authorization_servers: authorizationServers(read, facts),
    jwks_uri: url('jwksUri'),
    scopes_supported: scopeNames(read.list('scopesSupported'), read.at('scopesSupported')),
    bearer_methods_supported: facts.bearerMethods?.length === 0 ? undefined : facts.bearerMethods,
    resource_signing_alg_values_supported: signingAlgorithms(read),
    resource_name: read.text('resourceName'),
    resource_documentation: url('resourceDocumentation'),
    resource_policy_uri: url('resourcePolicyUri'),
    resource_tos_uri: url('resourceTosUri'),
    tls_client_certificate_bound_access_tokens: facts.certificates || undefined,
    authorization_details_types_supported: read.list('authorizationDetailsTypesSupported'),
    dpop_signing_alg_values_supported: dpop?.algorithms,
    dpop_bound_access_tokens_required: dpop?.required === true || undefined,
    ...checkMembers(members, read.values, facts.bearerMethods === undefined),
  })
}

function authorizationServers(
  read: Reader,
  { issuers, allowInsecureHosts }: MetadataFacts,
): readonly string[] {
  const name = read.at('authorizationServers')
  const given = read.list('authorizationServers')
  for (const server of given ?? []) {
    if (/[?#]/.test(server))
      throw new TypeError(`${name}: an issuer has no query and no fragment (RFC 8414 §2)`)
    checkFetchable(server, name, '', allowInsecureHosts)
  }
  if (given !== undefined) return given
  if (issuers === undefined) {
    throw new TypeError(`${name}: list the issuers that clients can use, as issuers is a function`)
  }
  const found = issuers.filter(
    (issuer) =>
      URL.canParse(issuer) && !/[?#]/.test(issuer) && isFetchable(new URL(issuer), allowInsecureHosts),
  )
  if (found.length > 0) return found
  throw new TypeError(
    `${name}: list the https URLs of the authorization servers, as no issuer of this resource server is one`,
  )
}

function signingAlgorithms(read: Reader): readonly string[] | undefined {
  const name = 'resourceSigningAlgValuesSupported'
  const algorithms = read.list(name)
  if (algorithms?.includes('none') !== true) return algorithms
  throw new TypeError(`${read.at(name)}: must not contain none (RFC 9728 §2)`)
}

function withoutAbsent<T extends object>(members: T): T {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as T
}

/** What the process has to be warned of. */
export function metadataWarnings(document: Metadata): readonly Warning[] {
  const scopes = document['scopes_supported'] as readonly string[] | undefined
  return offlineWarnings(scopes, `${path}.scopesSupported`)
}
