import { encodeBase64url } from '#platform'
import type { Clock } from '../lib/clock.ts'
import type { ClientKey } from '../options/client-key.ts'
import type { IntrospectionSettings } from '../options/introspection.ts'
import { FetchError } from './fetch-error.ts'
import { assertionLifetime } from './limits.ts'

/** What a request carries so that its sender is known. */
export interface ClientProof {
  readonly headers: Readonly<Record<string, string>>
  /** Members of the form. */
  readonly form: Readonly<Record<string, string>>
}

/**
 * Makes what proves who asks, anew for each request (RFC 6749 §2.3.1, RFC 7523 §2.2).
 *
 * @param issuer the sole audience of an assertion
 * @throws {FetchError} from the function, when the private key cannot be used
 */
export function clientAuthentication(
  { clientId, credentials }: Pick<IntrospectionSettings, 'clientId' | 'credentials'>,
  issuer: string,
  clock: Pick<Clock, 'wall'>,
): () => Promise<ClientProof> | ClientProof {
  if (credentials.method === 'private_key_jwt') return assertions(clientId, credentials.key, issuer, clock)
  const { method, secret } = credentials
  const proof: ClientProof =
    method === 'client_secret_post'
      ? { headers: {}, form: { client_id: clientId, client_secret: secret } }
      : {
          headers: { authorization: `Basic ${btoa(`${formEncoded(clientId)}:${formEncoded(secret)}`)}` },
          form: {},
        }
  return () => proof
}

/** As in `application/x-www-form-urlencoded`, so that no secret has a colon or a character beyond ASCII. */
function formEncoded(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1)
}

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** Signed assertions; the key is imported once. `jose` is loaded only where it is needed. */
function assertions(
  clientId: string,
  { jwk, alg, kid }: ClientKey,
  issuer: string,
  clock: Pick<Clock, 'wall'>,
): () => Promise<ClientProof> {
  type Sign = (payload: Record<string, unknown>) => Promise<string>
  let sign: Promise<Sign> | undefined

  async function signer(): Promise<Sign> {
    const { importJWK, SignJWT } = await import('jose')
    const key = await importJWK(jwk, alg)
    const header = { alg, typ: 'client-authentication+jwt', ...(kid === undefined ? {} : { kid }) }
    return (payload) => new SignJWT(payload).setProtectedHeader(header).sign(key)
  }

  return async () => {
    const iat = Math.floor(clock.wall())
    const jti = encodeBase64url(crypto.getRandomValues(new Uint8Array(16)))
    const claims = { iss: clientId, sub: clientId, aud: issuer, jti, iat, exp: iat + assertionLifetime }
    try {
      sign ??= signer()
      const assertion = await (await sign)(claims)
      return { headers: {}, form: { client_assertion_type: assertionType, client_assertion: assertion } }
    } catch (cause) {
      sign = undefined
      throw new FetchError('introspection.privateKey cannot sign', { cause })
    }
  }
}
