import { createPublicKey, type KeyObject, sign } from 'node:crypto'

/** A self-signed X.509 certificate (RFC 5280 §4.1) of an RSA key, as DER. Just enough of one to be parsed. */
export function signSelf(privateKey: KeyObject, name = 'issuer.test'): Buffer {
  const sha256WithRsa = sequence(Buffer.from('06092a864886f70d01010b', 'hex'), Buffer.from('0500', 'hex'))
  const subject = sequence(
    tagged(0x31, sequence(Buffer.from('0603550403', 'hex'), tagged(0x0c, Buffer.from(name)))),
  )
  const validity = sequence(
    tagged(0x17, Buffer.from('200101000000Z')),
    tagged(0x17, Buffer.from('490101000000Z')),
  )
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
  const body = sequence(tagged(0x02, Buffer.of(1)), sha256WithRsa, subject, validity, subject, publicKey)
  return sequence(
    body,
    sha256WithRsa,
    tagged(0x03, Buffer.concat([Buffer.of(0), sign('sha256', body, privateKey)])),
  )
}

/** A DER sequence. */
export function sequence(...content: readonly Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(content))
}

/** A DER value of any type. */
export function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), content])
  const bytes = Buffer.from(length.toString(16).padStart(length > 0xff ? 4 : 2, '0'), 'hex')
  return Buffer.concat([Buffer.of(tag, 0x80 | bytes.length), bytes, content])
}
