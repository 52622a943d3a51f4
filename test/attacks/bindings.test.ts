/* Tokens with two bindings, and bound tokens that only their issuer can read. */
import { clientCertificate, createResourceServer } from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'
import { testCertificate, written } from '../support/certificates.ts'
import { boundToken, dpopClient, resource } from '../support/dpop.ts'
import { hosts, type RawAnswer } from '../support/hosts.ts'
import { sharedHosts } from '../support/shared-hosts.ts'
import { overHttp1 } from '../support/wire.ts'

const issuer = await createTestIssuer()
const client = dpopClient(Date.now)
const other = dpopClient(Date.now)
const [own, thief] = await Promise.all([testCertificate('client'), testCertificate('thief')])
const header = 'X-SSL-Client-DER'

const opaque = 'an-opaque-token'
const api = createResourceServer({
  ...issuer.options,
  resource,
  dpop: {},
  mtls: { certificate: clientCertificate(header, { format: 'der-base64' }) },
  introspection: {
    clientId: 'api',
    clientSecret: 'secret',
    endpoint: 'https://issuer.test/introspect',
  },
  fetch: () =>
    Promise.resolve(
      Response.json({
        active: true,
        sub: 'user-1',
        aud: issuer.options.audience,
        exp: Math.floor(Date.now() / 1000) + 600,
        token_type: 'DPoP',
        cnf: { jkt: client.thumbprint },
      }),
    ),
})
const both = await boundToken(issuer, client, {
  cnf: { jkt: client.thumbprint, 'x5t#S256': own.thumbprint },
})
const certificateOnly = await issuer.sign({ cnf: { 'x5t#S256': own.thumbprint } })
const started = sharedHosts()

type Headers = readonly (readonly [string, string])[]
const dpop = (token: string, by = client): Headers => [
  ['Authorization', `DPoP ${token}`],
  ['DPoP', by.proof(token)],
]
const bearer = (token: string): Headers => [['Authorization', `Bearer ${token}`]]
const certificate = (of: typeof own): Headers => [[header, written.haproxy(of)]]

const cases: readonly (readonly [title: string, headers: () => Headers, expected: string])[] = [
  ['DPP-32 an introspected token with its proof', () => dpop(opaque), '200'],
  ['DPP-32 without a proof', () => dpop(opaque).slice(0, 1), '401 invalid_dpop_proof'],
  ['DPP-32 as Bearer', () => bearer(opaque), '401 invalid_token'],
  ['DPP-32 with a proof of another key', () => dpop(opaque, other), '401 invalid_token'],
  ['DPP-33 a token of a certificate with it', () => [...bearer(certificateOnly), ...certificate(own)], '200'],
  ['DPP-33 without a certificate', () => bearer(certificateOnly), '401 invalid_token'],
  [
    'DPP-33 with another certificate',
    () => [...bearer(certificateOnly), ...certificate(thief)],
    '401 invalid_token',
  ],
  [
    'DPP-33 with its certificate in a header that nobody configured',
    () => [...bearer(certificateOnly), ['X-Client-Cert', written.haproxy(own)]],
    '401 invalid_token',
  ],
  ['DPP-33 with a proof in place of the certificate', () => dpop(certificateOnly), '401 invalid_token'],
  ['DPP-34 both bindings are proved', () => [...dpop(both), ...certificate(own)], '200'],
  ['DPP-34 the certificate is missing', () => dpop(both), '401 invalid_token'],
  ['DPP-34 the certificate is another', () => [...dpop(both), ...certificate(thief)], '401 invalid_token'],
  ['DPP-34 the proof is missing', () => [...bearer(both), ...certificate(own)], '401 invalid_token'],
  [
    'DPP-34 the proof is of another key',
    () => [...dpop(both, other), ...certificate(own)],
    '401 invalid_token',
  ],
]

function outcomeOf({ status, headers }: RawAnswer): string {
  const code = /error="([^"]*)"/.exec(headers.get('www-authenticate') ?? '')?.[1]
  return code === undefined ? String(status) : `${status} ${code}`
}

describe.each(Object.entries(hosts))('%s', (_name, start) => {
  it.each(cases)('%s', async (_title, headers, expected) => {
    const { port } = await started(start, api)
    expect(outcomeOf(await overHttp1(port, { headers: headers() }))).toBe(expected)
  })
})
