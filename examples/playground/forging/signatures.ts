import { createPublicKey } from 'node:crypto'
import { CompactEncrypt } from 'jose'
import {
  compact,
  forgerKey,
  hmacSigned,
  keyIdFor,
  opened,
  publicKeyOf,
  signedByForger,
  withSignature,
} from './tools.ts'
import type { Forger } from './types.ts'

/** Tokens of somebody who does not have the key of the issuer. */
export const bySignature: readonly Forger[] = [
  {
    name: 'changed claim',
    what: 'Adds the role admin to the payload and keeps the signature.',
    reason: 'signature',
    make({ accessToken }) {
      const { header, claims, signature } = opened(accessToken)
      return compact(header, { ...claims, roles: ['admin'] }, signature)
    },
  },
  {
    name: 'alg: none',
    what: 'Says in the header that no signature has to be verified.',
    reason: 'algorithm',
    make({ accessToken }) {
      const { header, claims, signature } = opened(accessToken)
      return compact({ ...header, alg: 'none' }, claims, signature)
    },
  },
  {
    name: 'alg: none, unsigned',
    what: 'Says in the header that there is no signature, and leaves it out.',
    reason: 'malformed',
    make({ accessToken }) {
      const { header, claims } = opened(accessToken)
      return compact({ ...header, alg: 'none' }, claims, Buffer.alloc(0))
    },
  },
  {
    name: 'HS256 with the public key',
    what: 'Signs with HMAC and takes the public key as the secret, for an API that lets the token choose the algorithm.',
    reason: 'algorithm',
    make({ accessToken, jwks }) {
      const { header, claims } = opened(accessToken)
      const pem = publicKeyOf(jwks, header['kid']).export({ format: 'pem', type: 'spki' })
      return hmacSigned({ ...header, alg: 'HS256' }, claims, pem.toString())
    },
  },
  {
    name: 'weak HS256 secret',
    what: 'Signs with HMAC and the secret that stands in many examples: “secret”.',
    reason: 'algorithm',
    make({ accessToken }) {
      const { header, claims } = opened(accessToken)
      return hmacSigned({ ...header, alg: 'HS256' }, claims, 'secret')
    },
  },
  {
    name: 'another issuer',
    what: 'Comes, well signed, from an authorization server of the forger’s own.',
    reason: 'issuer',
    make: ({ accessToken }) =>
      signedByForger({}, { ...opened(accessToken).claims, iss: 'https://forger.example' }),
  },
  {
    name: 'unknown key',
    what: 'Signs with a key of the forger’s own, under a name of its own.',
    reason: 'unknown_key',
    make: ({ accessToken }) => signedByForger({}, opened(accessToken).claims),
  },
  {
    name: 'name of a known key',
    what: 'Signs with a key of the forger’s own, under the name of the issuer’s key.',
    reason: 'signature',
    make: ({ accessToken, jwks }) =>
      signedByForger({ kid: keyIdFor(jwks, 'RS256') }, opened(accessToken).claims),
  },
  {
    name: 'embedded jwk',
    what: 'Puts the forger’s public key into the header, for an API that verifies with what it finds there.',
    reason: 'unknown_key',
    make: ({ accessToken }) => signedByForger({ jwk: forgerKey().jwk }, opened(accessToken).claims),
  },
  {
    name: 'jku',
    what: 'Names an address of the forger’s, for an API that fetches keys from there.',
    reason: 'unknown_key',
    make: ({ accessToken }) =>
      signedByForger({ jku: 'https://forger.example/keys' }, opened(accessToken).claims),
  },
  {
    name: 'signature cut',
    what: 'The second half of the signature was lost on the way.',
    reason: 'signature',
    make({ accessToken }) {
      const { signature } = opened(accessToken)
      return withSignature(accessToken, signature.subarray(0, signature.length / 2))
    },
  },
  {
    name: 'signature of another token',
    what: 'Takes the signature of another token of the same issuer.',
    reason: 'signature',
    make: ({ accessToken, idToken }) => withSignature(accessToken, opened(idToken).signature),
  },
  {
    name: 'signature of zeros',
    what: 'Is signed with zeros, which some releases of Java took for a valid ES256 signature.',
    reason: 'signature',
    make({ accessToken, jwks }) {
      const header = { alg: 'ES256', typ: 'at+jwt', kid: keyIdFor(jwks, 'ES256') }
      return compact(header, opened(accessToken).claims, Buffer.alloc(64))
    },
  },
  {
    name: 'another spelling',
    what: 'Writes the same signature in another way, so that a list of revoked tokens would not know it.',
    reason: 'malformed',
    make: ({ accessToken }) => `${accessToken}=`,
  },
  {
    name: 'claim twice',
    what: 'Has two subjects, for two readers that do not agree which one counts.',
    reason: 'malformed',
    make({ accessToken }) {
      const { header, claims, signature } = opened(accessToken)
      return compact(header, JSON.stringify(claims).replace('{', '{"sub":"alice",'), signature)
    },
  },
  {
    name: 'encrypted',
    what: 'Hides forged claims in an encrypted token, for an API that decrypts and forgets to verify.',
    reason: 'malformed',
    make: ({ accessToken }) =>
      new CompactEncrypt(Buffer.from(JSON.stringify(opened(accessToken).claims)))
        .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', cty: 'JWT' })
        .encrypt(createPublicKey({ key: forgerKey().jwk, format: 'jwk' })),
  },
]
