import { longestTolerance } from '../hints/time.ts'
import { optionsReader, type OptionsReader } from '../options/reader.ts'
import type { EntryKind, RevocationEntry } from '../stores.ts'
import { checkMoment } from './moment.ts'
import { identityOf } from './token-identity.ts'
import type { MaybePromise } from '../types.ts'

const targets = ['token', 'jti', 'subject', 'session', 'client'] as const
const names = [...targets, 'issuer', 'expiresAt', 'issuedBefore'] as const
type Reader = OptionsReader<(typeof names)[number]>

/** What is needed to check an entry. */
export interface EntryRules {
  /** Seconds since the epoch. */
  readonly now: number
  /** Seconds. */
  readonly tokenLifetime: number
  /** Seconds that `issuedBefore` may be ahead of now. */
  readonly mayLead: number
}

/**
 * Seconds that a list keeps an entry: any resource server that uses the list may have the longest tolerance there is,
 * and accepts a token for that long after `exp`, with an `iat` that is that far ahead of the time of the revocation.
 */
export function lifetimeOf(tokenLifetime: number): number {
  return tokenLifetime + 2 * longestTolerance
}

/** Checks what `revoke()` was given. @throws {TypeError} naming the member and the fix */
export function entryOf(given: unknown, rules: EntryRules): MaybePromise<RevocationEntry> {
  const read = optionsReader(given, 'revoke', names)
  const target = targets.filter((name) => read.values[name] !== undefined)
  const [kind] = target
  if (kind === undefined || target.length > 1) {
    throw new TypeError('revoke: pass exactly one of token, jti, subject, session and client')
  }
  if (kind === 'token') return entryOfToken(read, rules)
  if (kind === 'jti') return entryOfJti(read, rules)
  return entryOfHolder(read, kind, rules)
}

async function entryOfToken(read: Reader, { now, tokenLifetime }: EntryRules): Promise<RevocationEntry> {
  for (const name of ['issuer', 'expiresAt', 'issuedBefore'] as const) without(read, name, 'token')
  const { issuer, kind, value, expiresAt } = await identityOf(read.values['token'], read.at('token'))
  return { kind, issuer, value, issuedBefore: undefined, ...until(expiresAt, now, tokenLifetime) }
}

function entryOfJti(read: Reader, { now, tokenLifetime }: EntryRules): RevocationEntry {
  without(read, 'issuedBefore', 'jti')
  const { expiresAt } = read.values
  const life =
    expiresAt === undefined
      ? { lifetime: lifetimeOf(tokenLifetime), expiresIn: undefined }
      : until(checkMoment(expiresAt, read.at('expiresAt')), now, tokenLifetime)
  return {
    kind: 'jti',
    issuer: read.text('issuer'),
    value: read.text('jti') as string,
    issuedBefore: undefined,
    ...life,
  }
}

function entryOfHolder(
  read: Reader,
  kind: EntryKind & ('subject' | 'session' | 'client'),
  { now, tokenLifetime, mayLead }: EntryRules,
): RevocationEntry {
  without(read, 'expiresAt', kind)
  const { issuedBefore: given } = read.values
  const moment = given === undefined ? now : checkMoment(given, read.at('issuedBefore'))
  if (moment > now + mayLead) {
    throw new TypeError(
      `${read.at('issuedBefore')}: is ${Math.ceil(moment - now)} s ahead of now; clockTolerance allows ${mayLead} s, since no token can have been issued later`,
    )
  }
  return {
    kind,
    issuer: read.text('issuer'),
    value: read.text(kind) as string,
    issuedBefore: Math.floor(moment),
    lifetime: lifetimeOf(tokenLifetime) + Math.max(0, moment - now),
    expiresIn: undefined,
  }
}

/** Seconds until a token that expires at some moment is accepted nowhere; at least one. */
function until(
  expiresAt: number,
  now: number,
  tokenLifetime: number,
): Pick<RevocationEntry, 'lifetime' | 'expiresIn'> {
  const expiresIn = Math.max(1, expiresAt - now + longestTolerance + 1)
  return { lifetime: Math.min(expiresIn, lifetimeOf(tokenLifetime)), expiresIn }
}

function without(read: Reader, name: 'issuer' | 'expiresAt' | 'issuedBefore', kind: string): void {
  if (read.values[name] === undefined) return
  throw new TypeError(`${read.at(name)}: leave it out with ${kind}${reasons[name]}`)
}

const reasons = {
  issuer: ', whose issuer is known',
  expiresAt: '; only the expiry of a single token is known',
  issuedBefore: ', which is revoked whenever it was issued',
} as const
