import { testAlgorithms } from './keys.ts'
import type { TestAlgorithm } from './keys.ts'
import type { TestClock } from './clock.ts'

/** Options of `createTestIssuer`. */
export interface TestIssuerOptions {
  /**
   * The issuer's name, the `iss` of its tokens; need not be a URL.
   * @default 'https://issuer.test/' until it listens, then the address it listens on
   */
  readonly issuer?: string
  /** The `aud` of its tokens: a string or a non-empty list. @default 'https://api.test' */
  readonly audience?: string | readonly string[]
  /** Algorithms it has keys for, one key each; the first one signs by default. @default ['ES256'] */
  readonly algorithms?: readonly TestAlgorithm[]
  /** The clock that dates its tokens. Excludes `now`. */
  readonly clock?: Pick<TestClock, 'now'>
  /** The time in milliseconds, as `Date.now` gives it. Excludes `clock`. @default Date.now */
  readonly now?: () => number
}

/** Where a test issuer listens, and what it serves there. */
export interface TestServerOptions {
  /** @default any free one */
  readonly port?: number
  /** A loopback address or `localhost`. @default '127.0.0.1' */
  readonly host?: string
  /** The path of the issuer's address, for one that is not at its host's root: `/realms/test`. @default '' */
  readonly path?: string
  /**
   * Which metadata is served: RFC 8414's, OpenID Connect's, both or neither. The document is the same.
   * @default 'both'
   */
  readonly metadata?: 'oauth' | 'openid' | 'both' | 'none'
}

/** Audience as one name or a list that cannot be empty. */
export type TestAudience = string | readonly [string, ...string[]]

export interface IssuerSettings {
  readonly issuer: string | undefined
  readonly audience: TestAudience
  readonly algorithms: readonly [TestAlgorithm, ...TestAlgorithm[]]
  readonly now: () => number
}

const names = ['issuer', 'audience', 'algorithms', 'clock', 'now']

export function settingsOf(options: TestIssuerOptions): IssuerSettings {
  knownNames(options, names)
  const { issuer, audience = 'https://api.test', algorithms = ['ES256'], clock, now } = options
  if (issuer !== undefined && !isName(issuer)) throw new TypeError('issuer: give a non-empty string')
  if (clock !== undefined && now !== undefined) throw new TypeError('clock, now: give one of them')
  const time = clock?.now ?? now
  if (clock !== undefined && typeof clock.now !== 'function') {
    throw new TypeError('clock: give a clock of createTestClock(), or a function as now')
  }
  if (time !== undefined && typeof time !== 'function') {
    throw new TypeError('now: give a function that returns milliseconds')
  }
  return {
    issuer,
    audience: audienceOf(audience),
    algorithms: algorithmsOf(algorithms),
    // Looked up at each call, so that a test runner may replace Date after the issuer was made.
    now: time ?? (() => Date.now()),
  }
}

export function placeOf(options: TestServerOptions): Required<TestServerOptions> {
  knownNames(options, ['port', 'host', 'path', 'metadata'])
  const { port = 0, host = '127.0.0.1', path = '', metadata = 'both' } = options
  if (!/^(?:127(?:\.\d{1,3}){3}|::1|localhost)$/.test(host)) {
    throw new TypeError(
      'host: give 127.0.0.1, ::1 or localhost; a test issuer is not for other machines to see',
    )
  }
  if (!/^(?:\/[\w.~-]+)*$/.test(path)) throw new TypeError('path: give one like /realms/test, or none')
  if (!['oauth', 'openid', 'both', 'none'].includes(metadata)) {
    throw new TypeError('metadata: give oauth, openid, both or none')
  }
  return { port, host, path, metadata }
}

export function knownNames(options: object, known: readonly string[]): void {
  const stranger = Object.keys(options).find((name) => !known.includes(name))
  if (stranger !== undefined)
    throw new TypeError(`${stranger}: no such option; there are ${known.join(', ')}`)
}

function audienceOf(audience: string | readonly string[]): TestAudience {
  if (isName(audience)) return audience
  const list: readonly unknown[] = Array.isArray(audience) ? audience : []
  const [first, ...others] = list
  if (!isName(first) || !others.every(isName)) {
    throw new TypeError('audience: give a non-empty string, or a non-empty list of them')
  }
  return [first, ...others]
}

function algorithmsOf(algorithms: readonly TestAlgorithm[]): readonly [TestAlgorithm, ...TestAlgorithm[]] {
  const [first, ...others] = new Set<unknown>(Array.isArray(algorithms) ? algorithms : [])
  if (!isAlgorithm(first) || !others.every(isAlgorithm)) {
    throw new TypeError(`algorithms: give a non-empty list out of ${testAlgorithms.join(', ')}`)
  }
  return [first, ...others]
}

function isAlgorithm(value: unknown): value is TestAlgorithm {
  return testAlgorithms.includes(value as string)
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
