import { createHash, X509Certificate } from 'node:crypto'
import { generate } from 'selfsigned'

/** A certificate with its key. */
export interface TestCertificate {
  readonly key: string
  /** PEM, with a line break at its end. */
  readonly cert: string
  readonly der: Buffer
  /** What a token that is bound to it has as `x5t#S256`. */
  readonly thumbprint: string
}

/** Makes a certificate that is signed by itself. */
export async function testCertificate(name: string): Promise<TestCertificate> {
  return certificate(name, {})
}

/** Makes the certificate of an authority, for {@link signedCertificate}. */
export async function testAuthority(name: string): Promise<TestCertificate> {
  const extensions = [
    { name: 'basicConstraints', cA: true, critical: true },
    { name: 'keyUsage', keyCertSign: true, critical: true },
  ]
  return certificate(name, { extensions })
}

/** Makes a certificate that is signed by an authority. */
export async function signedCertificate(
  name: string,
  { key, cert }: TestCertificate,
): Promise<TestCertificate> {
  return certificate(name, { ca: { key, cert } })
}

async function certificate(name: string, options: object): Promise<TestCertificate> {
  const made = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    ...options,
  })
  const cert = `${made.cert.trim()}\n`
  const der = new X509Certificate(cert).raw
  const thumbprint = createHash('sha256').update(der).digest('base64url')
  return { key: made.private, cert, der, thumbprint }
}

/** The same certificate as each proxy writes it. */
export const written = {
  rfc9440: ({ der }: TestCertificate) => `:${der.toString('base64')}:`,
  /** `$ssl_client_escaped_cert` of nginx: all but unreserved characters are escaped. */
  nginx: ({ cert }: TestCertificate) => encodeURIComponent(cert),
  /** AWS ALB leaves `+`, `=` and `/` as they are. */
  alb: ({ cert }: TestCertificate) =>
    encodeURIComponent(cert).replaceAll('%2B', '+').replaceAll('%3D', '=').replaceAll('%2F', '/'),
  /** Envoy with `set_current_client_cert_details: { cert: true, subject: true }`. */
  envoy: ({ cert, der }: TestCertificate) =>
    `Hash=${createHash('sha256').update(der).digest('hex')};Cert="${encodeURIComponent(cert)}";Subject="CN=a\\"b, O=c;d"`,
  haproxy: ({ der }: TestCertificate) => der.toString('base64'),
}
