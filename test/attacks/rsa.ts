import { constants, createHash, createPublicKey, type KeyObject, privateEncrypt } from 'node:crypto'
import { sequence, tagged } from './certificate.ts'

/** Object identifiers of hashes, as DER. */
const oids = {
  sha1: '06052b0e03021a',
  sha256: '0609608648016503040201',
  sha384: '0609608648016503040202',
  sha512: '0609608648016503040203',
} as const

/** Name of a hash that a DigestInfo can carry. */
export type HashName = keyof typeof oids

/** The ASN.1 around a hash in a PKCS#1 v1.5 signature (RFC 8017 §9.2). */
export function digestInfo(
  message: string,
  {
    hash = 'sha256',
    oid = hash,
    parameters = Buffer.from('0500', 'hex'),
  }: { hash?: HashName; oid?: HashName; parameters?: Buffer } = {},
): Buffer {
  const digest = createHash(hash).update(message).digest()
  return sequence(sequence(Buffer.from(oids[oid], 'hex'), parameters), tagged(0x04, digest))
}

/** Pads as RFC 8017 §9.2 has it, to the length of the modulus. */
export function padded(info: Buffer, length: number): Buffer {
  return Buffer.concat([Buffer.of(0, 1), Buffer.alloc(length - info.length - 3, 0xff), Buffer.of(0), info])
}

/** The bare RSA operation on a block of the modulus's length. */
export function rawRsa(key: KeyObject, block: Buffer): Buffer {
  return privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, block)
}

/** What a PSS signature may be made otherwise (RFC 8017 §9.1.1). */
export interface PssOptions {
  readonly hash?: HashName
  readonly mgfHash?: HashName
  readonly saltLength?: number
  readonly trailer?: number
  /** Whether the top bit, which must be zero, is set. */
  readonly topBit?: boolean
  /** A byte of the padding that must be zero. */
  readonly padding?: number
  /** The byte between padding and salt. */
  readonly separator?: number
}

/** A block for PSS under this key; correct unless told otherwise. */
export function pssBlock(message: string, key: KeyObject, options: PssOptions = {}): Buffer {
  const modulus = Buffer.from(createPublicKey(key).export({ format: 'jwk' }).n as string, 'base64url')
  if (options.topBit !== true) return pssBlockWith('', message, modulus.length, options)
  // With its top bit set a block may exceed the modulus, and could not be signed then.
  for (let fill = 0; fill < 100_000; fill++) {
    const block = pssBlockWith(`${fill} `, message, modulus.length, options)
    block[0] = (block[0] as number) | 0x80
    if (block.compare(modulus) < 0) return block
  }
  throw new Error('no salt gives a block below the modulus')
}

function pssBlockWith(fill: string, message: string, length: number, options: PssOptions): Buffer {
  const {
    hash = 'sha256',
    mgfHash = hash,
    saltLength = 32,
    trailer = 0xbc,
    padding = 0,
    separator = 1,
  } = options
  const digest = (content: Buffer): Buffer => createHash(hash).update(content).digest()
  const salt = Buffer.alloc(saltLength, fill || 0x5a)
  const h = digest(Buffer.concat([Buffer.alloc(8), digest(Buffer.from(message)), salt]))
  const zeros = Buffer.alloc(length - salt.length - h.length - 2, 0)
  if (padding !== 0) zeros[zeros.length - 1] = padding
  const db = Buffer.concat([zeros, Buffer.of(separator), salt])
  const mask = mgf1(h, db.length, mgfHash)
  const masked = Buffer.from(db.map((byte, index) => byte ^ (mask[index] as number)))
  masked[0] = (masked[0] as number) & 0x7f
  return Buffer.concat([masked, h, Buffer.of(trailer)])
}

function mgf1(seed: Buffer, length: number, hash: HashName): Buffer {
  const blocks: Buffer[] = []
  for (let counter = 0; Buffer.concat(blocks).length < length; counter++) {
    const count = Buffer.alloc(4)
    count.writeUInt32BE(counter)
    blocks.push(createHash(hash).update(seed).update(count).digest())
  }
  return Buffer.concat(blocks).subarray(0, length)
}

/** The least number whose cube is at least this one. */
export function cubeRoot(value: bigint): bigint {
  let low = 0n
  let high = 1n << BigInt(Math.ceil(value.toString(2).length / 3) + 1)
  while (low < high) {
    const middle = (low + high) / 2n
    if (middle ** 3n < value) low = middle + 1n
    else high = middle
  }
  return low
}

/** Big-endian bytes of a number. */
export function bytesOf(value: bigint, length: number): Buffer {
  return Buffer.from(value.toString(16).padStart(length * 2, '0'), 'hex')
}

/** The number of big-endian bytes. */
export function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x0${Buffer.from(bytes).toString('hex')}`)
}
