import type { DecryptionKey } from '../jose/decrypt.ts'
import type { AcceptedEncryption } from '../jose/jwe.ts'
import {
  type ContentAlgorithm,
  contentAlgorithms,
  type KeyAlgorithm,
  keyAlgorithms,
} from '../jose/jwe-algorithms.ts'
import type { Jwk } from '../types.ts'
import { decryptionKey } from './decryption-key.ts'
import type { IssuersSettings } from './issuers.ts'
import { checkEntries, type OptionsReader, optionsReader } from './reader.ts'
import type { SenderOptions } from './sender-options.ts'

/** Accepts encrypted tokens: signed JWTs inside of a JWE (RFC 7516, RFC 7519 §5.2). */
export interface DecryptionOptions {
  /**
   * The private keys of this API as JWKs: RSA of 2048 bits or more, EC (P-256, P-384, P-521), or OKP (X25519). At most
   * 10, so that keys can be rotated. A key with `alg` serves this algorithm alone; a key without `kid` serves tokens of
   * any `kid`.
   */
  readonly keys: readonly Jwk[]
  /** Accepted values of `alg`. There is no default. */
  readonly algorithms: readonly KeyAlgorithm[]
  /** Accepted values of `enc`. There is no default. */
  readonly encryption: readonly ContentAlgorithm[]
  /** Refuses tokens that are not encrypted. @default false */
  readonly required?: boolean | undefined
}

/** Options about encrypted tokens, and about who may send them. */
export interface WithDecryption<R> extends SenderOptions<R> {
  /**
   * Decrypts tokens that are encrypted to this API. The signed token inside is checked like any other.
   *
   * @default none: encrypted tokens are refused
   */
  readonly decryption?: DecryptionOptions | undefined
}

/** {@link DecryptionOptions} checked. */
export interface DecryptionSettings extends AcceptedEncryption {
  readonly keys: readonly DecryptionKey[]
  readonly required: boolean
}

const names = ['keys', 'algorithms', 'encryption', 'required'] as const
type Reader = OptionsReader<(typeof names)[number]>

const mostKeys = 10

/**
 * Checks the `decryption` option.
 *
 * @throws {TypeError} for what is missing, contradictory or unsafe, naming the option and the fix
 */
export function decryptionSettings(value: unknown): DecryptionSettings | undefined {
  if (value === undefined) return undefined
  const read = optionsReader(value, 'decryption', names)
  const algorithms = listOf(read, 'algorithms', Object.keys(keyAlgorithms) as KeyAlgorithm[])
  const encryption = listOf(read, 'encryption', Object.keys(contentAlgorithms) as ContentAlgorithm[])
  const keys = keysOf(read, algorithms)
  const idle = algorithms.find((name) => !keys.some((key) => key.algorithms.includes(name)))
  if (idle !== undefined) {
    throw new TypeError(`${read.at('algorithms')}: no key fits ${idle}; add one, or take the algorithm out`)
  }
  return { keys, algorithms, encryption, required: read.flag('required') }
}

function listOf<N extends string>(
  read: Reader,
  option: 'algorithms' | 'encryption',
  known: readonly N[],
): readonly N[] {
  const at = read.at(option)
  const list = read.list(option)
  if (list === undefined) {
    throw new TypeError(`${at}: set the list that was agreed with the issuer, of ${known.join(', ')}`)
  }
  const other = list.find((name) => !known.includes(name as N))
  if (other !== undefined) {
    throw new TypeError(`${at}: ${unsupported(other)}; the algorithms are ${known.join(', ')}`)
  }
  return Object.freeze([...new Set(list)] as N[])
}

/** Algorithms that are refused although RFC 7518 has them. */
function unsupported(name: string): string {
  if (name === 'RSA1_5') return 'RSA1_5 is not supported: its padding can be used as an oracle'
  if (name === 'dir' || /^A\d+(?:GCM)?KW$/.test(name) || name.startsWith('PBES2')) {
    return `${name} is not supported: it needs a secret that the issuer shares`
  }
  return `${name} is not supported`
}

function keysOf(read: Reader, algorithms: readonly KeyAlgorithm[]): readonly DecryptionKey[] {
  const at = read.at('keys')
  const entries = checkEntries(read.values['keys'], at, 'private keys as JWK objects')
  if (entries.length === 0 || entries.length > mostKeys) {
    throw new TypeError(`${at}: must have 1 to ${mostKeys} keys`)
  }
  const keys = entries.map((entry, index) => decryptionKey(entry, `${at}[${index}]`, algorithms))
  keys.forEach((key, index) => {
    const same = keys.slice(0, index).find((other) => key.kid !== undefined && other.kid === key.kid)
    if (same !== undefined) throw new TypeError(`${key.at}: has the same kid as ${same.at}`)
  })
  return Object.freeze(keys)
}

/**
 * Checks the `decryption` option beside the issuers.
 *
 * @throws {TypeError} as {@link decryptionSettings}, and where opaque tokens are introspected and refused at once
 */
export function decryptionFor(value: unknown, issuers: IssuersSettings): DecryptionSettings | undefined {
  const settings = decryptionSettings(value)
  const asked = issuers.from === 'function' ? [] : issuers.issuers
  if (settings?.required === true && asked.some(({ introspection }) => introspection?.tokens === 'opaque')) {
    throw new TypeError(
      "decryption.required: refuses opaque tokens, so introspection would never be used; set introspection.tokens to 'all', or leave required out",
    )
  }
  return settings
}
