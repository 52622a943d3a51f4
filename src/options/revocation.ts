import { listInterfaceOf, type RevocationList, type RevocationListInterface } from '../stores.ts'
import type { Auth, MaybePromise } from '../types.ts'
import { optionsReader, type OptionsReader } from './reader.ts'

/** What happens to a request when it could not be found out whether its token was revoked. */
export type OnUnavailable = 'refuse' | 'allow'

/** A function of the application's that knows which tokens were revoked. */
export interface RevocationHook {
  /**
   * Whether the token of a caller was revoked. Called on every request, with the verified claims. Anything but a
   * boolean counts as a failure.
   */
  isRevoked(auth: Auth): MaybePromise<boolean>
  /** Milliseconds it may take. 10 to 60000. @default 250 */
  readonly timeoutMs?: number | undefined
  /**
   * `refuse`: 503 when it fails or takes longer. `allow` accepts tokens then that may have been revoked.
   *
   * @default 'refuse'
   */
  readonly onUnavailable?: OnUnavailable | undefined
}

/** Options of every list. */
export interface RevocationListOptions {
  /**
   * The longest time a token is valid, from `iat` to `exp`, in seconds: an entry lives for that long. A token that is
   * valid for longer is 401 `claim`, as is one without `iat`. 60 to 31536000. @default 86400
   */
  readonly tokenLifetime?: number | undefined
  /** Entries in memory. A full list rejects `revoke()` and forgets nothing. 1 to 10000000. @default 100000 */
  readonly max?: number | undefined
  /**
   * What happens when the list is not available: `refuse` is 503, `allow` accepts tokens that may have been revoked.
   *
   * @default 'refuse'
   */
  readonly onUnavailable?: OnUnavailable | undefined
  /** Refuses a token without `jti` as 401 `claim`. @default false */
  readonly requireJti?: boolean | undefined
  /** Used instead of `Date.now`. @default the `now` of the first resource server that uses the list */
  readonly now?: (() => number) | undefined
}

/** The settings of the `revocation` option. */
export type RevocationSettings =
  | { readonly from: 'list'; readonly list: RevocationListInterface }
  | {
      readonly from: 'function'
      readonly isRevoked: (auth: Auth) => MaybePromise<unknown>
      readonly timeoutMs: number
      readonly onUnavailable: OnUnavailable
    }

/** Reads the `revocation` option. @throws {TypeError} */
export function revocationSettings(value: unknown): RevocationSettings | undefined {
  if (value === undefined) return undefined
  const list = listInterfaceOf(value)
  if (list !== undefined) return { from: 'list', list }
  const read = optionsReader(value, 'revocation', ['isRevoked', 'timeoutMs', 'onUnavailable'])
  const isRevoked = read.function<(auth: Auth) => unknown>('isRevoked', '(auth) => blocked.has(auth.subject)')
  if (isRevoked === undefined) {
    throw new TypeError('revocation: pass revocationList(), or an object with the function isRevoked')
  }
  return {
    from: 'function',
    // As a method, since it may read other members of its object.
    isRevoked: (auth) => isRevoked.call(value, auth),
    timeoutMs: read.number('timeoutMs', 10, 60_000, 250),
    onUnavailable: read.word('onUnavailable', ['refuse', 'allow']),
  }
}

/** Names of the options of every list. */
export const listOptionNames = ['tokenLifetime', 'max', 'onUnavailable', 'requireJti', 'now'] as const

/** {@link RevocationListOptions} with the defaults filled in. */
export interface RevocationListSettings {
  /** Seconds. */
  readonly tokenLifetime: number
  readonly max: number
  readonly onUnavailable: OnUnavailable
  readonly requireJti: boolean
  readonly now: (() => number) | undefined
}

/** Checks the options of a list. @throws {TypeError} */
export function listSettings(read: OptionsReader<(typeof listOptionNames)[number]>): RevocationListSettings {
  return {
    tokenLifetime: read.number('tokenLifetime', 60, 31_536_000, 86_400),
    max: read.number('max', 1, 10_000_000, 100_000),
    onUnavailable: read.word('onUnavailable', ['refuse', 'allow']),
    requireJti: read.flag('requireJti'),
    now: read.function('now', 'Date.now'),
  }
}

/** What the `revocation` option takes. */
export type RevocationOption = RevocationList | RevocationHook
