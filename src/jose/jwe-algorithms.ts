/** How the key of the content is encrypted to the API: with a key pair of the API's (RFC 7518 §4.3 and §4.6). */
export const keyAlgorithms = {
  'RSA-OAEP-256': 'RSA',
  'RSA-OAEP-384': 'RSA',
  'RSA-OAEP-512': 'RSA',
  'RSA-OAEP': 'RSA',
  'ECDH-ES': 'ECDH',
  'ECDH-ES+A128KW': 'ECDH',
  'ECDH-ES+A192KW': 'ECDH',
  'ECDH-ES+A256KW': 'ECDH',
} as const

/** Name of an algorithm in {@link keyAlgorithms}. */
export type KeyAlgorithm = keyof typeof keyAlgorithms

/** How the content is encrypted, with the bytes of the initialization vector and the tag (RFC 7518 §5). */
export const contentAlgorithms = {
  A128GCM: { iv: 12, tag: 16 },
  A192GCM: { iv: 12, tag: 16 },
  A256GCM: { iv: 12, tag: 16 },
  'A128CBC-HS256': { iv: 16, tag: 16 },
  'A192CBC-HS384': { iv: 16, tag: 24 },
  'A256CBC-HS512': { iv: 16, tag: 32 },
} as const

/** Name of an algorithm in {@link contentAlgorithms}. */
export type ContentAlgorithm = keyof typeof contentAlgorithms

/** Curves on which keys are agreed (RFC 7518 §6.2.1.1, RFC 8037 §3.2), with the bytes of a coordinate. */
export const agreementCurves: Readonly<Record<string, number>> = {
  'P-256': 32,
  'P-384': 48,
  'P-521': 66,
  X25519: 32,
}
