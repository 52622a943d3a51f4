import type { Route } from './protocol.ts'

/** What the access tokens are for (`aud`). The same API runs on three frameworks, so all three share it. */
export const audience = 'https://reports.example'

/** Every scope of the API. */
export const scopes = ['reports:read', 'reports:write'] as const

/** Someone who can sign in. */
export interface User {
  /** Shown on the sign-in page. It is worth nothing outside the playground. */
  readonly password: string
  readonly roles: readonly string[]
  /** What the authorization server grants when a client requests more. */
  readonly scopes: readonly string[]
  /** In words, what this user may do. */
  readonly may: string
}

/** Who can sign in, by name. */
export const users: Readonly<Record<string, User>> = {
  alice: {
    password: 'wonderland',
    roles: ['admin', 'reader'],
    scopes,
    may: 'read, write and delete reports',
  },
  bob: { password: 'builder', roles: ['reader'], scopes: ['reports:read'], may: 'read reports' },
}

/** The routes of the API. What each asks for is written once more where it is guarded: in `apis/`. */
export const routes: readonly Route[] = [
  { name: 'GET /public', needs: 'nothing' },
  { name: 'GET /me', needs: 'a valid access token' },
  { name: 'GET /reports', needs: 'scope reports:read' },
  { name: 'POST /reports', needs: 'scope reports:write' },
  { name: 'DELETE /reports/1', needs: 'role admin' },
]

/** The client's own credentials at the authorization server. */
export const webClient = { id: 'playground', secret: 'for-loopback-only' } as const

/** A program without a user (client credentials). */
export const machineClient = { id: 'nightly-job', secret: 'for-loopback-only-too' } as const

/** Seconds that access tokens live, until someone sets it. */
export const usualLifetime = 900
