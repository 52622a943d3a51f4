import { constants, type KeyObject, verify, type VerifyKeyObjectInput } from 'node:crypto'
import type { Contender } from './measure.ts'
import type { SignedTokens } from './tokens.ts'

export const verifyAlgorithms = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const
export type VerifyAlgorithm = (typeof verifyAlgorithms)[number]

/** Name of the floor: the signature check alone, on bytes that are ready for it. */
export const floorName = 'crypto.verify'

/** The signature check alone, called in the fastest way there is. */
export function floor(algorithm: VerifyAlgorithm, { key, tokens }: SignedTokens): Contender {
  const { hash, input } = parametersOf(algorithm, key)
  const ready = algorithm === 'ES256' ? derSignature : (signature: Buffer) => signature
  const parts = tokens.map((token) => {
    const dot = token.lastIndexOf('.')
    return {
      data: Buffer.from(token.subarray(0, dot)),
      signature: ready(Buffer.from(token.toString('latin1', dot + 1), 'base64url')),
    }
  })
  return {
    name: floorName,
    inputs: (count) => Array.from({ length: count }, (_, index) => parts[index % parts.length]),
    call: ({ data, signature }: (typeof parts)[number]) => {
      if (!verify(hash, data, input, signature)) throw new Error('the floor refused a token')
    },
  }
}

function parametersOf(
  algorithm: VerifyAlgorithm,
  key: KeyObject,
): { hash: string | null; input: VerifyKeyObjectInput | KeyObject } {
  switch (algorithm) {
    case 'RS256':
    case 'ES256':
      return { hash: 'sha256', input: key }
    case 'PS256': {
      const [padding, saltLength] = [constants.RSA_PKCS1_PSS_PADDING, constants.RSA_PSS_SALTLEN_DIGEST]
      return { hash: 'sha256', input: { key, padding, saltLength } }
    }
    case 'EdDSA':
      return { hash: null, input: key }
  }
}

/** The form OpenSSL checks fastest: a DER sequence of two integers (RFC 3279 §2.2.3), for curves up to P-256. */
function derSignature(signature: Buffer): Buffer {
  const half = signature.length / 2
  const integers = [signature.subarray(0, half), signature.subarray(half)].map((bytes) => {
    const start = bytes.findIndex((byte) => byte !== 0)
    const digits = bytes.subarray(start)
    // Integers are signed: a zero byte keeps one with its top bit set from being negative.
    const sign = (digits[0] as number) >= 0x80 ? [0] : []
    return Buffer.from([0x02, digits.length + sign.length, ...sign, ...digits])
  })
  const content = Buffer.concat(integers)
  return Buffer.concat([Buffer.from([0x30, content.length]), content])
}
