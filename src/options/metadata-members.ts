import { nearest } from './nearest.ts'

/** Members that options of `protectedResourceMetadata()` set, by their names in the document. */
const fromOptions: Readonly<Record<string, string>> = {
  authorization_servers: 'authorizationServers',
  jwks_uri: 'jwksUri',
  scopes_supported: 'scopesSupported',
  resource_signing_alg_values_supported: 'resourceSigningAlgValuesSupported',
  resource_name: 'resourceName',
  resource_documentation: 'resourceDocumentation',
  resource_policy_uri: 'resourcePolicyUri',
  resource_tos_uri: 'resourceTosUri',
  authorization_details_types_supported: 'authorizationDetailsTypesSupported',
}

/** Members that follow from options of the resource server, by their names in the document. */
const derived: Readonly<Record<string, string>> = {
  bearer_methods_supported: 'tokenFrom',
  tls_client_certificate_bound_access_tokens: 'mtls',
  dpop_signing_alg_values_supported: 'dpop.algorithms',
  dpop_bound_access_tokens_required: 'dpop.required',
}

/** The members that can be in several languages (RFC 9728 §2.1). */
const translated = ['resource_name', 'resource_documentation', 'resource_policy_uri', 'resource_tos_uri']

const path = 'protectedResourceMetadata'

/** Tells options from other members of the document: only the names of members have `_` and `#`. */
export function splitMembers(given: unknown): { readonly options: unknown; readonly members: object } {
  if (typeof given !== 'object' || given === null) return { options: given, members: {} }
  const isMember = ([name]: readonly [string, unknown]): boolean => /[_#]/.test(name)
  const entries = Object.entries(given)
  if (!entries.some(isMember)) return { options: given, members: {} }
  return {
    options: Object.fromEntries(entries.filter((entry) => !isMember(entry))),
    members: Object.fromEntries(entries.filter((entry) => isMember(entry))),
  }
}

/**
 * Checks the members that have no option.
 *
 * @param options those of `protectedResourceMetadata()`
 * @throws {TypeError}
 */
export function checkMembers(
  members: object,
  options: Readonly<Record<string, unknown>>,
  isOwnFunction: boolean,
): Readonly<Record<string, unknown>> {
  const found: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(members)) {
    if (value === undefined) continue
    checkName(name, isOwnFunction)
    checkLanguage(name, options)
    checkValue(name, value)
    found[name] = value
  }
  return found
}

function checkName(name: string, isOwnFunction: boolean): void {
  const option = Object.hasOwn(fromOptions, name) ? fromOptions[name] : undefined
  if (option !== undefined) throw new TypeError(`${path}.${name}: use the option ${option}`)
  if (name === 'signed_metadata') {
    throw new TypeError(`${path}.signed_metadata: is not supported; clients read the document itself`)
  }
  // Where a function of the application's finds the token, only the application knows.
  if (name === 'bearer_methods_supported' && isOwnFunction) return
  const source = Object.hasOwn(derived, name) ? derived[name] : undefined
  if (source !== undefined) {
    throw new TypeError(
      `${path}.${name}: follows from the option ${source} of the resource server; leave it out`,
    )
  }
  const standard = [...Object.keys(fromOptions), ...Object.keys(derived)]
  const meant = name.includes('#') ? undefined : nearest(name, standard)
  if (meant !== undefined) throw new TypeError(`${path}.${name}: did you mean ${meant}?`)
}

/** RFC 9728 §2.1: the name of the member, `#`, and the tag of a language. */
function checkLanguage(name: string, options: Readonly<Record<string, unknown>>): void {
  const [member = '', tag, ...rest] = name.split('#')
  if (tag === undefined) return
  if (rest.length > 0 || !translated.includes(member)) {
    throw new TypeError(`${path}.${name}: only ${translated.join(', ')} can have a language`)
  }
  if (!isLanguage(tag)) {
    throw new TypeError(
      `${path}.${name}: ${JSON.stringify(tag)} is no language tag (BCP 47), for example fr or de-CH`,
    )
  }
  const option = fromOptions[member] as string
  if (options[option] === undefined) {
    throw new TypeError(
      `${path}.${name}: set ${option} too, for clients that know no language (RFC 9728 §2.1)`,
    )
  }
}

function isLanguage(tag: string): boolean {
  try {
    Intl.getCanonicalLocales(tag)
    return true
  } catch {
    return false
  }
}

/** What JSON has for no value. */
const nothing: readonly unknown[] = [undefined, 'null', '""', '[]']

/** RFC 9728 §3.2: members without a value are left out. */
function checkValue(name: string, value: unknown): void {
  if (nothing.includes(jsonOf(value))) {
    throw new TypeError(
      `${path}.${name}: must be a JSON value that is not empty; leave the member out otherwise`,
    )
  }
}

function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    // A circle, or a bigint.
    return undefined
  }
}
