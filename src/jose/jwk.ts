import { encodeBase64url, importPublicKey, supports } from '#platform'
import { type AlgorithmName, algorithms, isAlgorithmName } from '../algorithms.ts'
import { fromBase64url } from './base64url.ts'
import { flawOfRsa, numberOf } from './rsa.ts'
import { own } from '../lib/objects.ts'
import { isPromise } from '../lib/maybe-promise.ts'
import type { PlatformKey } from '../platform/types.ts'
import type { Jwk, MaybePromise } from '../types.ts'

/** A key that passed the checks and may verify signatures. */
export interface VerificationKey {
  readonly kid: string | undefined
  /** Algorithms it may be used with. */
  readonly algorithms: readonly AlgorithmName[]
  readonly key: PlatformKey
  /** The key itself, under whatever id: equal for two entries that verify the same signatures. */
  readonly material: string
}

/** A key fit for use, before its import. */
export interface JudgedKey {
  readonly jwk: Jwk
  readonly kid: string | undefined
  readonly algorithms: readonly AlgorithmName[]
  readonly material: string
}

/** Why an entry of a JWK Set is not used. Names no member's value. */
export type KeyRefusal =
  | 'not an object'
  | 'kty'
  | 'kid'
  | 'use'
  | 'key_ops'
  | 'private or symmetric'
  | 'alg'
  | 'crv'
  | 'modulus'
  | 'weak modulus'
  | 'exponent'
  | 'coordinates'
  | 'not importable'

/** Members only a private or symmetric key has (RFC 7518 §6, RFC 9964). */
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'] as const

const longestKeyId = 256

const coordinateLength: Readonly<Record<string, number>> = {
  'P-256': 32,
  'P-384': 48,
  'P-521': 66,
  Ed25519: 32,
  Ed448: 57,
}

/** Members that make up the public key, by key type. */
const materialMembers = {
  RSA: ['n', 'e'],
  EC: ['crv', 'x', 'y'],
  OKP: ['crv', 'x'],
  AKP: ['alg', 'pub'],
  oct: [],
} as const

/**
 * Judges one entry of a JWK Set: it must be a public key, meant for signatures, for an allowed algorithm, of
 * sufficient and sane size (RFC 7517 §4, RFC 7518 §6). Unknown members are ignored, `x5c` among them.
 *
 * @param allowed algorithms the issuer may sign with
 * @returns the key, or the reason why it is not used
 */
export function judgeKey(jwk: unknown, allowed: readonly AlgorithmName[]): JudgedKey | KeyRefusal {
  if (typeof jwk !== 'object' || jwk === null || Array.isArray(jwk)) return 'not an object'
  const kty = own(jwk, 'kty')
  if (kty === 'oct' || privateMembers.some((name) => Object.hasOwn(jwk, name))) return 'private or symmetric'
  if (kty !== 'RSA' && kty !== 'EC' && kty !== 'OKP' && kty !== 'AKP') return 'kty'
  const kid = own(jwk, 'kid')
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > longestKeyId)) return 'kid'
  const use = own(jwk, 'use')
  if (use !== undefined && use !== 'sig') return 'use'
  if (!mayVerify(own(jwk, 'key_ops'))) return 'key_ops'

  const crv = own(jwk, 'crv')
  const usable = algorithmsFor(kty, crv, own(jwk, 'alg'))
  if (usable.length === 0) return 'alg'
  const allowedHere = usable.filter((name) => allowed.includes(name) && supports(name))
  if (allowedHere.length === 0) return 'alg'

  const flaw = kty === 'RSA' ? flawOfRsa(jwk) : kty === 'AKP' ? undefined : flawOfCurve(jwk, kty, crv)
  if (flaw !== undefined) return flaw
  return { jwk: publicPart(jwk, kty), kid, algorithms: allowedHere, material: materialOf(jwk, kty) }
}

/** Imports a key that passed the checks. */
export function importKey(judged: JudgedKey): MaybePromise<VerificationKey | KeyRefusal> {
  const finish = (key: PlatformKey): VerificationKey => ({
    kid: judged.kid,
    algorithms: judged.algorithms,
    material: judged.material,
    key,
  })
  try {
    const key = importPublicKey(judged.jwk, judged.algorithms)
    return isPromise(key) ? key.then(finish, () => 'not importable') : finish(key)
  } catch {
    return 'not importable'
  }
}

/**
 * `key_ops`, where present, is `verify` and nothing else (RFC 7517 §4.3): `sign` belongs to private keys, the rest
 * to `use: enc`.
 */
function mayVerify(operations: unknown): boolean {
  if (operations === undefined) return true
  return Array.isArray(operations) && operations.length === 1 && operations[0] === 'verify'
}

/** Algorithms a key can serve: those of its type and curve, and of these the one `alg` names. */
function algorithmsFor(kty: string, crv: unknown, alg: unknown): readonly AlgorithmName[] {
  // For a key of type AKP, `alg` alone determines the algorithm (RFC 9964).
  if (alg === undefined && kty === 'AKP') return []
  if (alg !== undefined && !isAlgorithmName(alg)) return []
  const fitting = (Object.keys(algorithms) as AlgorithmName[]).filter((name) => {
    const needed = algorithms[name]
    return needed.kty === kty && (needed.crv === undefined || needed.crv === crv)
  })
  if (alg === undefined) return fitting
  // Two names of one algorithm: issuers publish one and sign under the other (RFC 9864).
  const names = alg === 'EdDSA' || alg === 'Ed25519' ? ['EdDSA', 'Ed25519'] : [alg]
  return fitting.filter((name) => names.includes(name))
}

function flawOfCurve(jwk: object, kty: 'EC' | 'OKP', crv: unknown): KeyRefusal | undefined {
  const length = coordinateLength[crv as string]
  const x = bytesOf(own(jwk, 'x'))
  if (x?.length !== length) return 'coordinates'
  if (kty === 'EC') return bytesOf(own(jwk, 'y'))?.length === length ? undefined : 'coordinates'
  return crv === 'Ed25519' && isSmallOrder(x as Uint8Array) ? 'coordinates' : undefined
}

/**
 * The y-coordinates of the points of small order on edwards25519, little endian, the sign bit off; with such a
 * key one signature fits many messages (RFC 8032 §5.1 leaves the check to us).
 */
const smallOrder: ReadonlySet<string> = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
])

function isSmallOrder(point: Uint8Array): boolean {
  const hex = Array.from(point, (byte, index) =>
    (index === 31 ? byte & 0x7f : byte).toString(16).padStart(2, '0'),
  )
  return smallOrder.has(hex.join(''))
}

function bytesOf(member: unknown): Uint8Array | undefined {
  return typeof member === 'string' ? fromBase64url(member) : undefined
}

/** The same text for every spelling of one key: some issuers put zero bytes before the numbers of an RSA key. */
function materialOf(jwk: object, kty: keyof typeof materialMembers): string {
  const members = materialMembers[kty].map((name) => own(jwk, name))
  const spelled =
    kty === 'RSA' ? members.map((number) => encodeBase64url(numberOf(number) as Uint8Array)) : members
  return JSON.stringify([kty, ...spelled])
}

/** The members the import needs; the others are none of its business. */
function publicPart(jwk: object, kty: keyof typeof materialMembers): Jwk {
  const part: Record<string, unknown> = { kty }
  for (const name of materialMembers[kty]) part[name] = own(jwk, name)
  return part
}
