import { randomBytes } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { RunningApi } from '../apis/start.ts'
import type { CryptoKeyPair } from './dpop.ts'

/** The tokens of a sign-in. They never leave the server. */
export interface Tokens {
  readonly access: string
  readonly id: string
  readonly refresh: string
}

/** What the server knows of one browser. */
export interface Session {
  readonly id: string
  /** Absent before sign-in and after sign-out. */
  user?: { readonly name: string; readonly roles: readonly string[] }
  tokens?: Tokens
  refreshes: number
  /** The access token before the last refresh, revocation or sign-out. */
  previousAccess?: string
  /** The refresh token before the last refresh. */
  previousRefresh?: string
  /** The key that the access token is bound to. */
  dpopKey?: CryptoKeyPair
  /** The last request with a proof, to replay it. */
  lastProof?: {
    readonly proof: string
    readonly token: string
    readonly route: string
    readonly api: RunningApi
  }
  /** A used refresh token was presented again, so the authorization server accepts none of its family. */
  isWithdrawn?: boolean
  /** Number of the exchange after which its recording begins. */
  recordedFrom: number
}

/** A sign-in that waits for the browser to come back. */
export interface Transaction {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
  /** Number of the exchange after which it began. */
  readonly recordedFrom: number
  /** The session in which it began. The browser comes back from another site, and without that cookie. */
  readonly replaces?: Session | undefined
}

const sessionCookie = '__Host-session'
const loginCookie = '__Host-login'
/** Bounded: whoever opens many sessions makes the oldest end. */
const limits = { max: 100, ttl: 12 * 3_600_000 }

/** The sessions and sign-ins of the client. */
export interface Sessions {
  /** @param cookies the header `Cookie` */
  find(cookies: string | undefined): Session | undefined
  /** A new session with a new name, in place of `old`: a name that was known before sign-in is not valid after it. */
  create(old?: Session): { readonly session: Session; readonly cookie: string }
  /** Notes a sign-in. @returns its cookie */
  begin(transaction: Transaction): string
  /** A transaction is found once, and by its own state alone: another site may send the browser back at any time. */
  finish(cookies: string | undefined, state: unknown): Transaction | undefined
}

/** Makes an empty store. Nothing is on disk. */
export function makeSessions(): Sessions {
  const sessions = new LRUCache<string, Session>(limits)
  const transactions = new LRUCache<string, Transaction>({ max: 100, ttl: 600_000 })
  return {
    find: (cookies) => sessions.get(cookie(cookies, sessionCookie) ?? ''),
    create(old) {
      const id = newName()
      const session: Session = { id, refreshes: 0, recordedFrom: 0 }
      sessions.set(id, session)
      if (old !== undefined) sessions.delete(old.id)
      return { session, cookie: `${sessionCookie}=${id}; HttpOnly; Secure; SameSite=Strict; Path=/` }
    },
    begin(transaction) {
      const id = newName()
      transactions.set(id, transaction)
      // Lax: the browser comes back from another site.
      return `${loginCookie}=${id}; HttpOnly; Secure; SameSite=Lax; Path=/; Max-Age=600`
    },
    finish(cookies, state) {
      const id = cookie(cookies, loginCookie) ?? ''
      const found = transactions.get(id)
      if (found?.state !== state) return undefined
      transactions.delete(id)
      return found
    },
  }
}

/** Makes the browser forget the sign-in. */
export const endOfLogin = `${loginCookie}=; HttpOnly; Secure; SameSite=Lax; Path=/; Max-Age=0`

function newName(): string {
  return randomBytes(32).toString('base64url')
}

function cookie(header: string | undefined, name: string): string | undefined {
  const pair = header?.split('; ').find((part) => part.startsWith(`${name}=`))
  return pair?.slice(name.length + 1)
}
