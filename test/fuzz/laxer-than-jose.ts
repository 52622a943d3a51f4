import type { Look } from './look.ts'

/** One way in which we accept what jose refuses: always a token the issuer signed, under a key of its own. */
export interface Concession {
  readonly what: string
  readonly why: string
  readonly holds: (look: Look) => boolean
}

/** All of it is about sets of keys that are not quite right; no token is read less strictly than jose reads it. */
export const laxerThanJose: readonly Concession[] = [
  {
    what: 'a good key beside an entry that cannot be used, under the same id or no object at all',
    why: 'RFC 7517 §5 has readers leave such entries out; jose counts them as rivals or refuses the whole set',
    holds: ({ jwks, keys, fitting }) =>
      fitting.length > 1 || (jwks as { keys: readonly unknown[] }).keys.length > keys.length,
  },
  {
    what: 'EdDSA signed under a key that says Ed25519, and the other way round',
    why: 'two names of one algorithm (RFC 9864 §2.2): issuers publish one and sign under the other',
    holds: ({ header: { alg }, named }) =>
      (alg === 'EdDSA' || alg === 'Ed25519') &&
      named.some(
        (entry) => entry['crv'] === 'Ed25519' && ['EdDSA', 'Ed25519'].includes(entry['alg'] as string),
      ),
  },
  {
    what: 'a kid that no key of a literal set has, where one key without kid fits',
    why: 'whoever writes one key down without an id means it for every token of the issuer; fetched sets stay strict',
    holds: ({ keys, named, header: { kid } }) =>
      kid !== undefined && named.length === 0 && keys.some((entry) => entry['kid'] === undefined),
  },
  {
    what: 'a key whose ext is neither true nor false',
    why: 'ext is a member of WebCrypto and not of RFC 7517, which has readers ignore what they do not know (§4)',
    holds: ({ named }) => named.some(({ ext }) => ext !== undefined && typeof ext !== 'boolean'),
  },
]
