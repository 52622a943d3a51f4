import { randomUUID } from 'node:crypto'
import type { Auth } from 'oauth-resource-server'
import { knownNames } from './options.ts'

/** Who calls, for {@link fakeAuth}. */
export interface FakeAuthOptions {
  /** `sub`. @default 'user-1' */
  readonly subject?: string | undefined
  /** `client_id`. @default 'client-1' */
  readonly clientId?: string | undefined
  /** `iss`. Need not be a URL. @default 'https://issuer.test/' */
  readonly issuer?: string | undefined
  /** @default [] */
  readonly scopes?: readonly string[] | undefined
  /** @default [] */
  readonly roles?: readonly string[] | undefined
  /** `exp`. @default an hour after each request */
  readonly expiresAt?: Date | undefined
  /** Further claims, for example `{ tenant: 'a' }`. */
  readonly claims?: Readonly<Record<string, unknown>> | undefined
}

const names = ['subject', 'clientId', 'issuer', 'scopes', 'roles', 'expiresAt', 'claims']

/** Claims that are written with an option of their own. */
const claimOptions: Readonly<Record<string, string>> = {
  sub: 'subject',
  client_id: 'clientId',
  iss: 'issuer',
  scope: 'scopes',
  roles: 'roles',
  exp: 'expiresAt',
}

/** Where a fake caller keeps the claims to sign; registered globally, for the builds of both formats. */
const claimsToSign = Symbol.for('oauth-resource-server.fake-auth')

/**
 * Describes a caller for tests: give it to {@link fakeResourceServer}, or to a function that takes an `Auth`. It is
 * no proof of anything: only the fake resource server takes it, and signs a token with its claims for each request.
 *
 * @throws {TypeError} for an option that is unknown or has the wrong type
 */
export function fakeAuth(options: FakeAuthOptions = {}): Auth {
  const claim = Object.keys(options).find(
    (name) => Object.hasOwn(claimOptions, name) && !names.includes(name),
  )
  if (claim !== undefined)
    throw new TypeError(`fakeAuth: set ${String(claimOptions[claim])} instead of ${claim}`)
  knownNames(options, names)
  const { expiresAt } = options
  const claims = furtherClaims(options.claims)
  const issuer = textOf(options.issuer, 'issuer', 'https://issuer.test/')
  const subject = textOf(options.subject, 'subject', 'user-1')
  const clientId = textOf(options.clientId, 'clientId', 'client-1')
  const scopes = namesOf(options.scopes, 'scopes', /^[\x21\x23-\x5b\x5d-\x7e]+$/)
  const roles = namesOf(options.roles, 'roles', /./)
  if (expiresAt !== undefined && !(expiresAt instanceof Date && Number.isFinite(expiresAt.getTime()))) {
    throw new TypeError('expiresAt: pass a valid Date')
  }
  const signed = {
    iss: issuer,
    sub: subject,
    client_id: clientId,
    ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
    ...(roles.length === 0 ? {} : { roles }),
    ...(expiresAt === undefined ? {} : { exp: Math.floor(expiresAt.getTime() / 1000) }),
    ...claims,
  }
  const all = datedClaims(signed)
  const auth = {
    scheme: 'Bearer',
    claims: Object.freeze(all),
    issuer,
    subject,
    clientId,
    scopes: new Set(scopes),
    roles: new Set(roles),
    expiresAt: new Date(all['exp'] * 1000),
  }
  Object.defineProperty(auth, 'token', { value: 'fake-token' })
  Object.defineProperty(auth, claimsToSign, { value: Object.freeze(signed) })
  return Object.freeze(auth) as unknown as Auth
}

/** The claims of a fake caller's token, issued now; `undefined` for anything else than a fake caller. */
export function claimsOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const signed = (value as { readonly [claimsToSign]?: Readonly<Record<string, unknown>> })[claimsToSign]
  return signed === undefined ? undefined : datedClaims(signed)
}

function datedClaims<C extends object>(claims: C): C & { exp: number } {
  const now = Math.floor(Date.now() / 1000)
  return { iat: now, exp: now + 3600, jti: randomUUID(), ...claims }
}

/** @throws {TypeError} for a claim that the options or the fake resource server set */
function furtherClaims(value: unknown): object {
  if (value === undefined) return {}
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError("claims: pass an object, for example { tenant: 'a' }")
  }
  for (const name of Object.keys(value)) {
    const option = Object.hasOwn(claimOptions, name) ? claimOptions[name] : undefined
    if (option !== undefined) throw new TypeError(`claims: set ${option} instead of the claim ${name}`)
    if (name === 'aud') {
      throw new TypeError('claims: aud is that of the fake resource server; set its option audience')
    }
  }
  return value
}

function textOf(value: unknown, name: string, standard: string): string {
  if (value === undefined) return standard
  if (typeof value !== 'string' || value === '')
    throw new TypeError(`${name}: pass a string that is not empty`)
  return value
}

function namesOf(value: unknown, option: string, pattern: RegExp): readonly string[] {
  if (value === undefined) return []
  if (!Array.isArray(value)) throw new TypeError(`${option}: pass a list of strings, for example ['read']`)
  const list: readonly unknown[] = [...(value as unknown[])]
  const wrong = list.find((name) => typeof name !== 'string' || !pattern.test(name))
  if (wrong !== undefined) {
    throw new TypeError(
      `${option}: ${JSON.stringify(wrong)} is not one name; pass each as a string of its own`,
    )
  }
  return Object.freeze(list as readonly string[])
}
