import { supports } from '#platform'
import { type AlgorithmName, algorithms as known, defaultAlgorithms, isAlgorithmName } from '../algorithms.ts'
import { resultAtOnce } from '../lib/at-once.ts'
import { own } from '../lib/objects.ts'
import type { ReplayStore } from '../stores.ts'
import type { TokenRequest } from '../types.ts'
import { checkFapi2Algorithms, clockBounds, isFapi2Algorithm } from './fapi2.ts'
import type { Warning } from './insecure-hosts.ts'
import { optionsReader, type OptionsReader } from './reader.ts'
import { secretBytes } from './secret.ts'

/** A nonce that proofs must have (RFC 9449 §9). It is stateless: every process with the same secret knows it. */
export interface DpopNonceOptions {
  /**
   * Authenticates the nonces: 32 bytes at least, drawn at random. Of a list, the first makes new ones, and all are
   * accepted: put a new one in front, and drop the old one after `lifetime`. Without a secret no nonce is wanted.
   */
  readonly secret?: string | Uint8Array | readonly (string | Uint8Array)[] | undefined
  /** Seconds for which a nonce is accepted. 10 to 86400. @default 300 */
  readonly lifetime?: number | undefined
}

/** Which DPoP proofs are accepted (RFC 9449). All times in seconds. */
export interface DpopOptions<R = TokenRequest> {
  /**
   * Refuses tokens that are not bound to a key, and offers clients the DPoP scheme alone.
   *
   * @default false; with `profile: 'fapi2'` and without `mtls` `true`, as no other token could be accepted: `false` is a
   *   TypeError there
   */
  readonly required?: boolean | undefined
  /**
   * Algorithms that proofs may be signed with; challenges name them. Asymmetric ones alone.
   *
   * @default RS, PS and ES with 256, 384 and 512, EdDSA, Ed25519, as far as the platform supports them
   */
  readonly algorithms?: readonly AlgorithmName[] | undefined
  /** How old a proof may be. 1 to 600. @default 60 */
  readonly maxAge?: number | undefined
  /** How far the clock of a client may be ahead. 0 to 300. @default 10 */
  readonly leeway?: number | undefined
  /** Proofs must have a nonce of ours. @default off */
  readonly nonce?: DpopNonceOptions | undefined
  /**
   * Remembers which proofs were used. Several processes need one on Redis, or a proof can be used once on each.
   *
   * @default `replayStore()` in memory
   */
  readonly replay?: { readonly reserve: ReplayStore['reserve'] } | undefined
  /**
   * The URL that the client called, where a proxy in front of this API changes paths. It must depend on nothing that a
   * client can choose freely, such as `Host`. It gets the framework's request (Koa: `ctx`).
   *
   * @default the origin of `resource` and the path of the request, as it was before routers changed it
   */
  readonly url?: { of(request: R): string }['of'] | undefined
}

/** {@link DpopOptions} checked, with the defaults filled in. */
export interface DpopSettings {
  readonly required: boolean
  readonly algorithms: readonly AlgorithmName[]
  /** Seconds. */
  readonly maxAge: number
  /** Seconds. */
  readonly leeway: number
  readonly nonce: NonceSettings | undefined
  /** `undefined`: in memory. What it returns is not checked yet. */
  readonly reserve: ((key: string, expiresAt: number) => unknown) | undefined
  /** What it returns is not checked yet. */
  readonly url: ((request: unknown) => unknown) | undefined
  /** Of `resource`: scheme, host and port. */
  readonly origin: string
}

/** How nonces are made. */
export interface NonceSettings {
  /** At least one; the first makes new nonces. */
  readonly secrets: readonly Uint8Array[]
  /** Seconds. */
  readonly lifetime: number
}

const names = ['required', 'algorithms', 'maxAge', 'leeway', 'nonce', 'replay', 'url'] as const
type Reader = OptionsReader<(typeof names)[number]>

/** The options of the resource server that decide about proofs, too. */
export interface DpopSurroundings {
  /** The option `resource`, checked. */
  readonly resource: string | undefined
  readonly profile: unknown
  /** Whether tokens that are bound to a certificate are accepted. */
  readonly certificates: boolean
}

/**
 * Checks the `dpop` option.
 *
 * @throws {TypeError} for what is missing, contradictory or unsafe, naming the option and the fix
 */
export function dpopSettings(
  value: unknown,
  { resource, profile, certificates }: DpopSurroundings,
): DpopSettings | undefined {
  if (value === undefined) return undefined
  const read = optionsReader(value, 'dpop', names)
  if (resource === undefined) {
    throw new TypeError(
      "dpop: set resource to the public URL of this API, for example resource: 'https://api.example.com'; a proof names the URL that it was made for",
    )
  }
  const isFapi2 = profile === 'fapi2'
  return {
    required: requiredOf(read, isFapi2 && !certificates),
    algorithms: algorithmsOf(read, isFapi2),
    maxAge: read.number('maxAge', isFapi2 ? 10 : 1, 600, 60),
    leeway: read.number('leeway', ...clockBounds(profile), 10),
    nonce: nonceOf(read.values['nonce']),
    reserve: reserveOf(read),
    url: read.function('url', '(request) => `https://api.example.com/v1${request.url}`'),
    origin: new URL(resource).origin,
  }
}

/** @param alone whether nothing but proofs binds tokens, and no token may be unbound */
function requiredOf(read: Reader, alone: boolean): boolean {
  const required = read.flag('required')
  if (alone && read.values['required'] === false) {
    throw new TypeError(
      "dpop.required: with profile 'fapi2' and without mtls no other token can be accepted; leave it out, or set mtls",
    )
  }
  return required || alone
}

function algorithmsOf(read: Reader, isFapi2: boolean): readonly AlgorithmName[] {
  const given = read.list('algorithms')
  if (given === undefined) {
    return defaultAlgorithms.filter((name) => supports(name) && (!isFapi2 || isFapi2Algorithm(name)))
  }
  const names = given.map((name) => {
    if (!isAlgorithmName(name) || known[name].kty === 'oct') {
      throw new TypeError(
        `dpop.algorithms: ${JSON.stringify(name)} is not an algorithm that proofs can be signed with; name ES256, PS256, EdDSA or the like`,
      )
    }
    if (!supports(name)) throw new TypeError(`dpop.algorithms: this platform cannot check ${name}; drop it`)
    return name
  })
  return isFapi2 ? checkFapi2Algorithms(names, 'dpop.algorithms') : names
}

function nonceOf(value: unknown): NonceSettings | undefined {
  if (value === undefined) return undefined
  const read = optionsReader(value, 'dpop.nonce', ['secret', 'lifetime'])
  const lifetime = read.number('lifetime', 10, 86_400, 300)
  const { secret } = read.values
  if (secret === undefined) return undefined
  return { secrets: secretBytes(secret, 'dpop.nonce.secret'), lifetime }
}

function reserveOf(read: Reader): DpopSettings['reserve'] {
  const { replay } = read.values
  if (replay === undefined) return undefined
  const reserve: unknown =
    typeof replay === 'object' && replay !== null ? (replay as Partial<ReplayStore>).reserve : undefined
  if (typeof reserve !== 'function') {
    throw new TypeError(
      'dpop.replay: pass replayStore(), or an object with the function reserve; on Redis it is replayStore(client) of oauth-resource-server/redis',
    )
  }
  const later = reserve as ReplayStore['reserve']
  // As a method, since one of the application's may read other members of its object.
  return resultAtOnce(later) ?? ((key, expiresAt) => later.call(replay, key, expiresAt))
}

/** The warning about a nonce without a secret, as when a variable of the environment is not set: no nonce is wanted. */
export function dpopWarnings(value: unknown): readonly Warning[] {
  const nonce = own(Object(value) as object, 'nonce')
  if (nonce === undefined || own(nonce as object, 'secret') !== undefined) return []
  const message =
    'oauth-resource-server: dpop.nonce has no secret, so that proofs need no nonce: set secret to 32 random bytes or more, or leave nonce out'
  return [{ code: 'OAUTH_DPOP_NONCE', message }]
}
