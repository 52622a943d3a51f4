import type { Auth, MaybePromise } from './types.ts'

/** A moment: a `Date`, or seconds since the epoch. */
export type Moment = Date | number

/** Names the issuer of what is revoked. */
interface OfIssuer {
  /** Only tokens of this issuer, compared exactly with `iss`. @default tokens of every trusted issuer */
  readonly issuer?: string | undefined
}

/** Revokes every token of one holder that was issued so far. */
interface UpToNow extends OfIssuer {
  /**
   * A token with `iat` up to this moment is revoked, in whole seconds. At most `clockTolerance` ahead of now.
   *
   * @default now
   */
  readonly issuedBefore?: Moment | undefined
}

/** What to revoke: exactly one of `token`, `jti`, `subject`, `session` and `client`. */
export type Revocation =
  /** The token of a caller: by its `jti`, else by a hash of what its issuer signed. */
  | { readonly token: Auth<unknown> }
  /** One token by its `jti`. `expiresAt` is its `exp`, and shortens the life of the entry. */
  | (OfIssuer & { readonly jti: string; readonly expiresAt?: Moment | undefined })
  /** The tokens of one user: `sub`. */
  | (UpToNow & { readonly subject: string })
  /** The tokens of one session: `sid`. */
  | (UpToNow & { readonly session: string })
  /** The tokens of one client: `client_id`, else `azp`, else `cid`, else `appid`. */
  | (UpToNow & { readonly client: string })

/** Remembers which tokens were revoked, for the `revocation` option. */
export interface RevocationList {
  /**
   * Revokes tokens. Once it resolves, this process refuses them.
   *
   * @throws {TypeError} for anything but exactly one of the five members, with values of the right type
   * @throws {UpstreamError} when the list cannot take the entry: it is full, or its store does not respond
   */
  readonly revoke: (revocation: Revocation) => Promise<void>
  /** Resolves once the list is available; `api.ready()` waits for it. @throws {UpstreamError} */
  readonly ready: () => Promise<void>
  /** Ends its timers. What was revoked stays revoked. A client of Redis stays open: it belongs to the application. */
  readonly close: () => void
}

/** Remembers keys that may be used once, such as the `jti` of a proof. */
export interface ReplayStore {
  /**
   * Reserves a key.
   *
   * @param expiresAt when the key may be forgotten; a `Date`, or seconds since the epoch
   * @returns `true` for the first caller only
   * @throws {UpstreamError} when it could not be found out: the store is full, or does not respond
   */
  readonly reserve: (key: string, expiresAt: Moment) => Promise<boolean>
}

/** What a token is identified by in a list. */
export type EntryKind = 'jti' | 'hash' | 'subject' | 'session' | 'client'

/** One entry of a list, checked. */
export interface RevocationEntry {
  readonly kind: EntryKind
  /** `undefined`: every trusted issuer. */
  readonly issuer: string | undefined
  readonly value: string
  /** Whole seconds since the epoch; `undefined`: whenever the token was issued. */
  readonly issuedBefore: number | undefined
  /** Seconds from now for which the entry is needed, by the `tokenLifetime` of this list. */
  readonly lifetime: number
  /**
   * Seconds from now until the one token expires everywhere, whatever `tokenLifetime` is; `undefined` where the expiry
   * is not known.
   */
  readonly expiresIn: number | undefined
}

/** What a list looks at in a token whose signature and claims are verified. */
export interface RevocableToken {
  readonly issuer: string
  /** `iat`, in whole seconds. */
  readonly issuedAt: number
  readonly jti: string | undefined
  readonly subject: string | undefined
  readonly session: string | undefined
  readonly client: string | undefined
  /** Printable hash of what the issuer signed, for a token without `jti`. */
  readonly hash: () => MaybePromise<string>
}

/** What a resource server passes to the list that it uses. */
export interface ListUser {
  /** Seconds: the longest of its issuers. */
  readonly clockTolerance: number
  /** The injected clock, if there is one. */
  readonly now: (() => number) | undefined
}

/** What a resource server calls. A list carries it under a symbol, where it is no part of its public face. */
export interface RevocationListInterface {
  readonly protocol: number
  /** Seconds. A token that is valid for longer is refused. */
  readonly tokenLifetime: number
  readonly requireJti: boolean
  readonly onUnavailable: 'refuse' | 'allow'
  readonly join: (user: ListUser) => void
  /** Whether a token is revoked. @throws {UpstreamError} */
  readonly has: (token: RevocableToken) => MaybePromise<boolean>
  /** Takes an entry that was checked elsewhere. @throws {UpstreamError} */
  readonly add: (entry: Omit<RevocationEntry, 'lifetime' | 'expiresIn'>) => Promise<void>
  readonly ready: () => MaybePromise<void>
  readonly isReady: () => boolean
}

const listProtocol = 1
const listBrand: unique symbol = Symbol.for('oauth-resource-server.revocation-list') as never

/** Makes a list known to resource servers of either build. */
export function asList(
  list: RevocationList,
  face: Omit<RevocationListInterface, 'protocol'>,
): RevocationList {
  return Object.freeze(
    Object.defineProperty(list, listBrand, { value: Object.freeze({ ...face, protocol: listProtocol }) }),
  )
}

/**
 * What a resource server calls of a list; `undefined` for any other value.
 *
 * @throws {TypeError} for a list of another release
 */
export function listInterfaceOf(value: unknown): RevocationListInterface | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, listBrand)) return undefined
  const face = (value as { [listBrand]: RevocationListInterface })[listBrand]
  if (face.protocol === listProtocol) return face
  throw new TypeError(
    'this revocation list comes from another release of oauth-resource-server: install one version only',
  )
}
