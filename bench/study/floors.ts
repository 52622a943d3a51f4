import { hash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { LRUCache } from 'lru-cache'

/** What hooks of a floor leave on the request. */
export type CallerOf = (request: IncomingMessage) => unknown

/** Whether a caller that was left there may go on. */
export type FloorGuard = (caller: unknown) => boolean

/** A floor: the least that has to be done for a token seen before, written for the benchmark and nothing else. */
export interface Floor {
  readonly callerOf: CallerOf
  readonly guard: FloorGuard
}

/** Hashes the token, and checks nothing: without a hash no cache can find a token it does not keep. */
export const hashing: Floor = {
  callerOf: ({ headers }) => hash('sha256', headers.authorization ?? '', 'binary'),
  guard: () => true,
}

/**
 * Does for a token seen before what cannot be left out, each in the cheapest way there is, and none of the checks
 * of a token seen for the first time: the hash, a bounded cache, the end of its time, whether the keys are still
 * those that its key was among, a caller whose members are read from what is remembered, one scope. One issuer and
 * its keys are taken for granted; a second Authorization header, other ways to write it, `nbf`, a tolerance, the age
 * of the keys, observers and errors are not looked at.
 */
export function recalling(scope: string): Floor {
  const remembered = new LRUCache<string, Remembered>({ max: 10_000 })
  const keySet = {}
  return {
    callerOf({ headers }) {
      const token = (headers.authorization ?? '').slice('Bearer '.length)
      const name = hash('sha256', token, 'binary')
      let found = remembered.get(name)
      if (found === undefined) remembered.set(name, (found = rememberedOf(token, keySet)))
      if (Date.now() / 1000 >= found.exp || found.keySet !== keySet) throw new Error('refused')
      return new Caller(found, token)
    },
    guard: (caller) => (caller as Caller).scopes.has(scope),
  }
}

interface Remembered {
  readonly claims: Readonly<Record<string, unknown>>
  readonly scopes: ReadonlySet<string>
  readonly exp: number
  readonly keySet: object
}

class Caller {
  readonly #remembered: Remembered
  readonly #token: string

  constructor(remembered: Remembered, token: string) {
    this.#remembered = remembered
    this.#token = token
  }

  get claims(): Remembered['claims'] {
    return this.#remembered.claims
  }

  get scopes(): Remembered['scopes'] {
    return this.#remembered.scopes
  }

  get token(): string {
    return this.#token
  }
}

function rememberedOf(token: string, keySet: object): Remembered {
  const [, payload = ''] = token.split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as {
    readonly exp: number
    readonly scope: string
  }
  return { claims: { ...claims }, scopes: new Set(claims.scope.split(' ')), exp: claims.exp, keySet }
}
