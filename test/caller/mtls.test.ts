import {
  type CertificateFormat,
  type CertificateFunction,
  clientCertificate,
  createResourceServer,
  explain,
  type HttpRequest,
} from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'
import { testCertificate, written } from '../support/certificates.ts'
import { verdict } from '../support/tokens.ts'

const now = (): number => 1_800_000_000_000
const issuer = await createTestIssuer({ now })
const [own, other] = await Promise.all([testCertificate('client'), testCertificate('thief')])
const boundTo = (thumbprint: unknown, more: object = {}): Promise<string> =>
  issuer.sign({ cnf: { 'x5t#S256': thumbprint, ...more } })
const token = await boundTo(own.thumbprint)

const apiOf = (certificate: unknown, options: object = {}) =>
  createResourceServer({ ...issuer.options, mtls: { certificate: certificate as 'socket' }, ...options })

const request = (bearer: string, headers: object = {}, more: object = {}): HttpRequest => ({
  method: 'GET',
  url: '/',
  headers: { authorization: `Bearer ${bearer}`, ...headers },
  ...more,
})

/** The hint of a refusal. */
async function hintOf(outcome: Promise<unknown>): Promise<string> {
  const error: unknown = await outcome.then(
    () => undefined,
    (refusal: unknown) => refusal,
  )
  return explain(error)
}

const socketOf = (certificate: unknown) => ({ getPeerCertificate: () => certificate })

describe('mtls.certificate: socket', () => {
  const api = apiOf('socket')
  const ask = (raw: object, bearer = token): Promise<string> =>
    verdict(api.authenticate(request(bearer, {}, { raw })))

  it('accepts the certificate that the token is bound to, every time', async () => {
    const raw = { socket: socketOf({ raw: own.der }) }
    expect([await ask(raw), await ask(raw)]).toEqual(['200', '200'])
  })

  it('refuses another certificate, after the right one too', async () => {
    await ask({ socket: socketOf({ raw: own.der }) })
    expect(await ask({ socket: socketOf({ raw: other.der }) })).toBe('401 binding')
  })

  it.each([[{}], [null], [undefined]])('refuses a client without one (%o)', async (nothing) => {
    expect(await ask({ socket: socketOf(nothing) })).toBe('401 binding')
    const outcome = api.authenticate(request(token, {}, { raw: { socket: socketOf(nothing) } }))
    expect(await hintOf(outcome)).toContain('the client sent no certificate')
  })

  it('reads the request itself where there is no raw one', async () => {
    const own_ = { ...request(token), socket: socketOf({ raw: own.der }) } as HttpRequest
    expect(await verdict(api.authenticate(own_))).toBe('200')
  })

  it('reads the session of a stream of HTTP/2', async () => {
    expect(await ask({ session: { socket: socketOf({ raw: own.der }) } })).toBe('200')
    expect(await ask({ session: { socket: socketOf({ raw: other.der }) } })).toBe('401 binding')
  })

  it('refuses a request that came without TLS, and says what to set', async () => {
    expect(await ask({ socket: {} })).toBe('401 binding')
    expect(await hintOf(api.authenticate(request(token, {}, { raw: { socket: {} } })))).toContain(
      'set mtls.certificate to clientCertificate(header, { format })',
    )
  })

  it.each([[{}], [{ socket: null }], [{ session: undefined }]])(
    'is a TypeError for a request without a socket, as on web platforms (%o)',
    async (raw) => {
      await expect(api.authenticate(request(token, {}, { raw }))).rejects.toThrow(
        /^mtls\.certificate: 'socket' reads the TLS connection of Node.*set clientCertificate\(/,
      )
    },
  )

  it('does not look for a certificate of a token that is not bound', async () => {
    expect(await ask({}, await issuer.sign())).toBe('200')
  })

  it('refuses a bare token', async () => {
    expect(await verdict(api.verify(token))).toBe('401 binding')
    expect(await hintOf(api.verify(token))).toContain('api.authenticate(request)')
  })

  it('refuses a token that is bound to a key too, which nothing checks here', async () => {
    const both = await boundTo(own.thumbprint, { jkt: own.thumbprint })
    expect(await ask({ socket: socketOf({ raw: own.der }) }, both)).toBe('401 binding')
  })

  it('ignores unknown members beside the certificate (RFC 7800 §3.1)', async () => {
    const more = await boundTo(own.thumbprint, { 'x5t#S512': 'x', kid: 'k' })
    expect(await ask({ socket: socketOf({ raw: own.der }) }, more)).toBe('200')
    expect(await ask({ socket: socketOf({ raw: other.der }) }, more)).toBe('401 binding')
  })

  it.each([
    ['with padding', `${own.thumbprint}=`],
    ['with a space', `${own.thumbprint} `],
    ['cut', own.thumbprint.slice(0, -1)],
    ['in hex', Buffer.from(own.thumbprint, 'base64url').toString('hex')],
    ['empty', ''],
    ['a number', 5],
    ['null', null],
    ['a list', [own.thumbprint]],
  ])('refuses a thumbprint %s, and says that the issuer made it', async (_title, value) => {
    const bad = await boundTo(value)
    expect(await ask({ socket: socketOf({ raw: own.der }) }, bad)).toMatch(/^401 (?:binding|claim)$/)
  })

  it.each(['x', `${own.thumbprint}=`, `=${own.thumbprint}`])(
    'says of a malformed thumbprint that the issuer made it (%#)',
    async (value) => {
      const outcome = api.authenticate(request(await boundTo(value), {}, { raw: {} }))
      expect(await hintOf(outcome)).toContain('the issuer made another value')
    },
  )
})

const proxies = [
  ['Client-Cert', 'rfc9440', written.rfc9440],
  ['X-SSL-Client-Cert', 'pem-urlencoded', written.nginx],
  ['X-Amzn-Mtls-Clientcert', 'pem-urlencoded', written.alb],
  ['x-forwarded-client-cert', 'xfcc', written.envoy],
  ['X-SSL-Client-DER', 'der-base64', written.haproxy],
] as const satisfies readonly (readonly [string, CertificateFormat, unknown])[]

describe.each(proxies)('clientCertificate(%s), %s', (header, format, write) => {
  const api = apiOf(clientCertificate(header, { format }))
  const name = header.toLowerCase()
  const ask = (headers: object, more: object = {}): Promise<string> =>
    verdict(api.authenticate(request(token, headers, more)))

  it('accepts the certificate that the token is bound to, and no other', async () => {
    expect(await ask({ [name]: write(own) })).toBe('200')
    expect(await ask({ [name]: write(other) })).toBe('401 binding')
  })

  it('reads web headers', async () => {
    const headers = new Headers({ authorization: `Bearer ${token}`, [header]: write(own) })
    expect(await verdict(api.authenticate({ method: 'GET', url: '/', headers }))).toBe('200')
  })

  it.each([[{}], [{ [name]: '' }], [{ [`${name}-`]: write(own) }]])(
    'takes an absent or empty header for no certificate',
    async (headers) => {
      expect(await ask(headers)).toBe('401 binding')
      expect(await hintOf(api.authenticate(request(token, headers)))).toContain(`has no header ${name}:`)
    },
  )

  it('refuses the header twice, whatever it has', async () => {
    const rawHeaders = [header, write(own), header.toUpperCase(), write(own)]
    expect(await ask({ [name]: write(own) }, { rawHeaders })).toBe('400 malformed')
    expect(await ask({ [name]: [write(own), write(own)] })).toBe('400 malformed')
    const twice = api.authenticate(request(token, { [name]: [write(own), write(own)] }))
    await expect(twice).rejects.toThrow('The header with the client certificate was sent more than once')
    await expect(twice).rejects.toMatchObject({
      detail: {
        hint: `the header ${name} came twice: the proxy must replace what the client sent, and not add to it`,
      },
    })
  })

  it('refuses what is no certificate, and names header and format but not the value', async () => {
    for (const value of [
      'x',
      '::',
      'Cert="x"',
      write(own).slice(0, -9),
      `${write(own)}x`,
      `=${write(own)}`,
    ]) {
      expect(await ask({ [name]: value })).toBe('401 binding')
    }
    const hint = await hintOf(api.authenticate(request(token, { [name]: 'secret' })))
    expect(hint).toContain(`the header ${name} has no certificate in the format ${format}`)
    expect(hint).not.toContain('secret')
  })

  it('refuses every other format', async () => {
    for (const [, otherFormat, writeOther] of proxies) {
      const expected = otherFormat === format ? /^200$/ : /^(?:401 binding|400 malformed)$/
      expect(await ask({ [name]: writeOther(own) })).toMatch(expected)
    }
  })

  it('reads no other header', async () => {
    for (const [otherHeader, , writeOther] of proxies) {
      if (otherHeader === header) continue
      expect(await ask({ [otherHeader.toLowerCase()]: writeOther(own) })).toBe('401 binding')
      expect(await ask({ [otherHeader.toLowerCase()]: writeOther(own), [name]: write(other) })).toBe(
        '401 binding',
      )
    }
  })
})

describe('a comma', () => {
  it.each(proxies)('in %s with %s', async (header, format, write) => {
    const api = apiOf(clientCertificate(header, { format }))
    const joined = (first: string, second: string): Promise<string> =>
      verdict(api.authenticate(request(token, { [header.toLowerCase()]: `${first}, ${second}` })))
    const refused = format === 'xfcc' ? '401 binding' : '400 malformed'
    expect(await joined(write(own), write(other))).toBe(refused)
    // Each proxy appends its element: the last one is of the proxy next to us.
    expect(await joined(write(other), write(own))).toBe(format === 'xfcc' ? '200' : refused)
  })
})

describe('a function', () => {
  const ask = (certificate: CertificateFunction, options: object = {}): Promise<string> =>
    verdict(apiOf(certificate, options).authenticate(request(token)))

  it.each([
    ['PEM', own.cert],
    ['a chain in PEM, the certificate of the client first', own.cert + other.cert],
    ['PEM with line breaks of Windows', own.cert.replaceAll('\n', '\r\n')],
    ['DER', own.der],
    ['a promise', Promise.resolve(own.cert)],
  ])('may return %s', async (_title, value) => {
    expect(await ask(() => value)).toBe('200')
  })

  it.each([
    ['undefined', undefined],
    ['null', null],
    ['another certificate', other.cert],
    ['a chain with another first', other.cert + own.cert],
    ['text', 'x'],
    ['empty text', ''],
    ['PEM with text before it', `x\n${own.cert}`],
    ['PEM with text after it', `${own.cert}x`],
    ['DER with a byte more', Buffer.concat([own.der, Buffer.of(0)])],
    ['DER with a byte less', own.der.subarray(0, -1)],
    ['no bytes', new Uint8Array()],
  ])('that returns %s is 401', async (_title, value) => {
    expect(await ask(() => value)).toBe('401 binding')
    expect(await ask(() => Promise.resolve(value))).toBe('401 binding')
  })

  it('that returns something else is a TypeError', async () => {
    const wrong = apiOf(() => ({ raw: own.der })).authenticate(request(token))
    await expect(wrong).rejects.toThrow(/^mtls\.certificate: the function must return PEM/)
  })

  it('that throws or rejects passes its error on', async () => {
    const error = new Error('mine')
    const throwing = apiOf(() => {
      throw error
    })
    await expect(throwing.authenticate(request(token))).rejects.toBe(error)
    await expect(apiOf(() => Promise.reject(error)).authenticate(request(token))).rejects.toBe(error)
  })

  it('that takes too long is 503', async () => {
    expect(await ask(() => new Promise(() => undefined), { hookTimeoutMs: 10 })).toBe('503 unavailable')
  })

  it('gets the request of the framework, and the neutral one where there is none', async () => {
    const seen: unknown[] = []
    const api = apiOf((it: unknown) => {
      seen.push(it)
      return own.cert
    })
    const raw = {}
    const plain = request(token)
    await api.authenticate(request(token, {}, { raw }))
    await api.authenticate(plain)
    expect(seen[0]).toBe(raw)
    expect(seen[1]).toBe(plain)
  })
})

describe('a refusal', () => {
  it('shows nothing of the certificate to the client', async () => {
    const api = apiOf(clientCertificate('client-cert', { format: 'rfc9440' }))
    const error: unknown = await api
      .authenticate(request(token, { 'client-cert': written.rfc9440(other) }))
      .catch((refusal: unknown) => refusal)
    const text = JSON.stringify(api.refuse(error)) + explain(error) + JSON.stringify((error as Error).message)
    expect(text).not.toContain(other.thumbprint)
    expect(text).not.toContain(own.thumbprint)
    expect(text).not.toContain(other.der.toString('base64').slice(100, 120))
    expect(error).toMatchObject({ detail: { claim: 'cnf', expected: 'x5t#S256' } })
    expect(explain(error)).toContain('the client has another certificate than the token is bound to')
  })
})
