import type { AlgorithmName } from '../algorithms.ts'
import type { Names, Profile } from './rules.ts'

/** Options about an issuer's tokens, whether the API trusts one issuer or several. */
export interface TokenOptions {
  /**
   * Client ids to accept: `client_id`, else `azp`, else `cid`, else `appid`.
   *
   * @default any
   */
  readonly clients?: readonly string[] | undefined
  /**
   * Algorithms to accept.
   *
   * @default the asymmetric ones the running platform supports, ML-DSA and Ed448 aside; with `secret`, those it is
   * long enough for
   */
  readonly algorithms?: readonly AlgorithmName[] | undefined
  /**
   * `compatible` takes the access tokens of today's issuers and still refuses other kinds of token; `rfc9068`
   * requires `typ` at+jwt and every claim of RFC 9068 §2.2; `fapi2` is the FAPI 2.0 Security Profile for the whole API:
   * tokens in the Authorization header alone, bound by `dpop` or `mtls`, signed with PS256, ES256 or EdDSA, and
   * `revocation` or `introspection`. It is set beside `issuers`, never for one of them.
   *
   * @default 'compatible'
   */
  readonly profile?: Profile | undefined
  /**
   * Accepted values of the header parameter `typ`, instead of the profile's; `undefined` in the list stands for an
   * absent `typ`. Compared as media types: without regard to case and to `application/` (RFC 7515 §4.1.9).
   *
   * @default the profile's
   */
  readonly tokenTypes?: readonly (string | undefined)[] | undefined
  /**
   * Accepts `nonce` in a token that is marked as an access token: by `typ` at+jwt, payload `typ` Bearer, `token_use`
   * access, or a `scope` or `scp` claim. Keycloak up to 24, Azure AD B2C and authentik write such tokens.
   *
   * @default false
   */
  readonly acceptNonce?: boolean | undefined
  /** Seconds the issuer's clock may differ from ours. 0 to 300. @default 30 */
  readonly clockTolerance?: number | undefined
  /** Longest time since `iat`, in seconds. @default off */
  readonly maxTokenAge?: number | undefined
  /** Claims every token must have, on top of `iss`, `aud` and `exp`. @default [] */
  readonly requiredClaims?: readonly string[] | undefined
  /**
   * Where the scopes are: a claim path, a list of paths whose scopes add up, or a pure function of the verified
   * claims. A path is the name of a claim, or a JSON Pointer when it begins with `/`: `'/realm_access/roles'`. A claim
   * of the wrong type is refused with 401.
   *
   * @default `scope`, else `scp`
   */
  readonly scopes?: Names | undefined
  /** Where the roles are, in the same forms. @default `roles`, else `role` */
  readonly roles?: Names | undefined
}
