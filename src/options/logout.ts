import {
  listInterfaceOf,
  type ReplayStore,
  type RevocationList,
  type RevocationListInterface,
} from '../stores.ts'
import { optionsReader } from './reader.ts'

/** What a logout revokes: the tokens of the session, or all tokens of the user. */
export type LogoutTarget = 'session' | 'subject'

/** Options of `backChannelLogout()`. */
export interface BackChannelLogoutOptions {
  /** The client that the issuer sends logout tokens for: their `aud`. */
  readonly clientId: string
  /**
   * Remembers which logout tokens were used. Several processes need one on Redis, or a token can be used once on each.
   *
   * @default `replayStore()` in memory
   */
  readonly replay?: ReplayStore | undefined
  /**
   * `session` revokes the access tokens with the `sid` of the logout token, and those of its `sub` where it has no
   * `sid`. Many issuers put no `sid` into access tokens: then it revokes nothing. `subject` revokes all access tokens
   * of the user, and refuses a logout token without `sub`.
   *
   * @default 'session'
   */
  readonly by?: LogoutTarget | undefined
}

/** {@link BackChannelLogoutOptions}, checked. */
export interface LogoutSettings {
  readonly list: RevocationListInterface
  readonly clientId: string
  readonly replay: ReplayStore | undefined
  readonly by: LogoutTarget
  /** Whether the application decided what to revoke. */
  readonly decided: boolean
}

/** Checks what `backChannelLogout()` was given. @throws {TypeError} naming the argument and the fix */
export function logoutSettings(list: RevocationList, options: BackChannelLogoutOptions): LogoutSettings {
  const face = listInterfaceOf(list)
  if (face === undefined) {
    throw new TypeError(
      'backChannelLogout: pass the list that revocation has, as revocationList() returns it',
    )
  }
  const read = optionsReader(options, 'backChannelLogout', ['clientId', 'replay', 'by'])
  const clientId = read.text('clientId')
  if (clientId === undefined) {
    throw new TypeError(
      "backChannelLogout.clientId: pass the client's id at the issuer, the aud of its logout tokens",
    )
  }
  const { replay } = read.values
  if (replay !== undefined && !isReplayStore(replay)) {
    throw new TypeError('backChannelLogout.replay: pass replayStore()')
  }
  return {
    list: face,
    clientId,
    replay,
    by: read.word('by', ['session', 'subject']),
    decided: read.values['by'] !== undefined,
  }
}

function isReplayStore(value: unknown): value is ReplayStore {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Partial<ReplayStore>).reserve === 'function'
  )
}
