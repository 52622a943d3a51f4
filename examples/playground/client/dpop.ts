import { createHash, randomUUID } from 'node:crypto'
import { exportJWK, generateKeyPair, type GenerateKeyPairResult, SignJWT } from 'jose'

/** The client's key for bound tokens. The private part cannot be exported. */
export type CryptoKeyPair = GenerateKeyPairResult

/** Makes a key pair for DPoP (RFC 9449). */
export function makeDpopKey(): Promise<CryptoKeyPair> {
  return generateKeyPair('ES256')
}

/** Proves that the sender of this one request has the key (RFC 9449 section 4.2). */
export async function makeProof(
  { privateKey, publicKey }: CryptoKeyPair,
  request: { readonly method: string; readonly url: string; readonly token: string },
): Promise<string> {
  const { kty, crv, x, y } = await exportJWK(publicKey)
  const ath = createHash('sha256').update(request.token).digest('base64url')
  return new SignJWT({ htm: request.method, htu: request.url, jti: randomUUID(), ath })
    .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk: { kty, crv, x, y } as never })
    .setIssuedAt()
    .sign(privateKey)
}
