import type { Jwk, JwkSet } from '../types.ts'

/**
 * Where the keys of an issuer are. At most one place of public keys may be set; without any, and without `secret`, they
 * are found by the issuer's metadata.
 */
export interface KeyOptions {
  /**
   * URL of the issuer's JWK Set.
   *
   * @default `OAUTH_JWKS_URI` for the issuer of `OAUTH_ISSUER`, else what the issuer's metadata says (RFC 8414)
   */
  readonly jwksUri?: string | undefined
  /** The JWK Set itself: no network at all. */
  readonly jwks?: JwkSet | undefined
  /**
   * The one public key: PEM (SubjectPublicKeyInfo or a certificate), JWK, or a `KeyObject` of Node. No network at all.
   * Without `kid` it serves tokens of any `kid`.
   */
  readonly publicKey?: string | Jwk | KeyObjectLike | undefined
  /** Where the issuer's metadata is, when not at its own well-known places; its `issuer` must still match exactly. */
  readonly metadataUrl?: string | undefined
  /**
   * Secret shared with the issuer, for HS256, HS384 and HS512, at least as long as the hash; or up to 10 of them, while
   * one replaces another. Together with public keys only when `algorithms` lists both kinds: `alg` then decides.
   *
   * A key others may know is refused in every encoding we know of (PEM, DER, JWK, SSH, hex, base64, base32, base58,
   * byte lists, and these nested). Compressed keys (gzip) are not recognised.
   */
  readonly secret?: string | Uint8Array | readonly (string | Uint8Array)[] | undefined
}

/** What is needed of Node's `KeyObject`, so that these types do without those of Node. */
export interface KeyObjectLike {
  readonly type: string
  readonly asymmetricKeyType?: string | undefined
}
