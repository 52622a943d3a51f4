import type { JSONWebKeySet } from 'jose'
import type { Reason } from 'oauth-resource-server'
import type { JsonObject } from './tools.ts'

/** What a forger has. */
export interface ForgeryMaterial {
  /** A valid access token of the issuer. */
  readonly accessToken: string
  /** A valid ID token of the same sign-in. */
  readonly idToken: string
  /** The public keys of the issuer, which anyone can fetch. */
  readonly jwks: JSONWebKeySet
  readonly issuer: string
  readonly audience: string
  /**
   * Signs as the issuer does. With it, what only the issuer could have made (a token for another API, for example)
   * differs from the valid token in one member. Without it the member is changed and the signature no longer fits;
   * the library decides about header and claims first, so the refusal is the same.
   */
  readonly sign?: (claims: JsonObject, header: JsonObject) => Promise<string>
}

/** A forgery by its name. */
export interface Forgery {
  readonly name: string
  /** In one sentence, what a forger does and hopes for. */
  readonly what: string
  /** Why the library refuses it: `reason` of the error. */
  readonly reason: Reason
}

/** A forgery with the function that makes it. */
export interface Forger extends Forgery {
  readonly make: (material: ForgeryMaterial) => string | Promise<string>
}
