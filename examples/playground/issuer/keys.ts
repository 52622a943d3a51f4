import { createPrivateKey, generateKeyPair, type JsonWebKey, randomUUID, sign } from 'node:crypto'
import { promisify } from 'node:util'

/** A private key as JWK, with the name by which tokens refer to it. */
export interface SigningKey extends JsonWebKey {
  readonly alg: 'RS256' | 'ES256'
  readonly use: 'sig'
  readonly kid: string
}

const newKeyPair = promisify(generateKeyPair)

/** One RSA key of 2048 bits and one on the curve P-256. */
export async function makeKeys(): Promise<SigningKey[]> {
  const [rsa, ec] = await Promise.all([
    newKeyPair('rsa', { modulusLength: 2048 }),
    newKeyPair('ec', { namedCurve: 'P-256' }),
  ])
  return [
    { ...rsa.privateKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig', kid: keyId('rsa') },
    { ...ec.privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: keyId('ec') },
  ]
}

/** Signs claims as the authorization server does. @returns a JWT in compact form */
export function signWith(
  key: SigningKey,
  claims: Readonly<Record<string, unknown>>,
  header: Readonly<Record<string, unknown>>,
): string {
  const input = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  const privateKey = createPrivateKey({ key, format: 'jwk' })
  // An ECDSA signature in a JWT is its two numbers (RFC 7518 section 3.4). RSA ignores this.
  const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' })
  return `${input}.${signature.toString('base64url')}`
}

/** Short, so that people can tell two of them apart on a small screen. */
function keyId(kind: string): string {
  return `${kind}-${randomUUID().slice(0, 6)}`
}
