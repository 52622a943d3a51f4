/* Headers that Envoy and AWS ALB wrote, with real certificates: a token that is bound to one is accepted, or refused. */
import { type CertificateFormat, clientCertificate, createResourceServer } from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'
import {
  alb,
  chainOnly,
  consul,
  envoy,
  istio,
  type RecordedCertificate,
} from '../support/recorded-certificates.ts'
import { verdict } from '../support/tokens.ts'

const issuer = await createTestIssuer({ algorithms: ['EdDSA'] })

/** What becomes of a token that is bound to this certificate, with this header; the same for both kinds of headers. */
async function outcome(
  header: string,
  format: CertificateFormat,
  value: string,
  { hash }: RecordedCertificate,
): Promise<string> {
  const mtls = { certificate: clientCertificate(header, { format }) }
  const api = createResourceServer({ ...issuer.options, mtls })
  const thumbprint = Buffer.from(hash, 'hex').toString('base64url')
  const token = await issuer.sign({ cnf: { 'x5t#S256': thumbprint } })
  const headers = { authorization: `Bearer ${token}`, [header.toLowerCase()]: value }
  const request = { method: 'GET', url: '/' }
  const [plain, web] = [
    await verdict(api.authenticate({ ...request, headers })),
    await verdict(api.authenticate({ ...request, headers: new Headers(headers) })),
  ]
  return plain === web ? plain : `${plain}, but ${web} with web headers`
}

/** An element as Envoy writes it, with what stands before and behind the certificate. */
const element = ({ hash, cert }: RecordedCertificate, before = '', behind = ''): string =>
  `${before}Hash=${hash};Cert="${cert}"${behind}`
const chainOf = ({ cert }: RecordedCertificate): string => `;Chain="${cert}"`
const unescapedPem = (text: string): string => decodeURIComponent(text.replaceAll('+', '%2B'))

const peers = 'spiffe://ca9857da-71aa-c5be-ec8f-abcd90cae693.consul'
const fromClient = element(
  consul.client,
  `By=${peers}/gateway/mesh/dc/alpha;`,
  `${chainOf(consul.client)};Subject="";URI=spiffe://fc9a08ef-efb4-bbc9-b3ec-b93e768abfc2.consul/ns/default/dc/primary/svc/s1`,
)
const fromGateway = element(
  consul.gateway,
  `By=${peers}/ns/default/dc/alpha/svc/s2;`,
  `${chainOf(consul.gateway)};Subject="";URI=${peers}/gateway/mesh/dc/alpha`,
)
const istioBy = 'By=spiffe://cluster.local/ns/istio-system/sa/istio-egressgateway-service-account;'
const istioURI = ';Subject="";URI=spiffe://cluster.local/ns/default/sa/default'
/** Istio's sidecar appends this for the gateway in front of it, without a certificate. */
const sidecar =
  'By=spiffe://cluster.local/ns/cvm/sa/default;Hash=9b9c12e9850a1e287233b7d3143ef3b46baad7696fd671f5322424bef465248c;Subject="";URI=spiffe://cluster.local/ns/city-ingress/sa/ingressgateway'
const atIngress = element(envoy, '', ';Subject="CN=user,OU=users,O=example";URI=;DNS=hello.app.example')
/** The examples of Envoy's documentation for x-forwarded-client-cert. */
const documented =
  'By=http://frontend.lyft.com;Hash=468ed33be74eee6556d90c0149c1309e9ba61d6425303443c0748a02dd8de688;Subject="/C=US/ST=CA/L=San Francisco/OU=Lyft/CN=Test Client";URI=http://testclient.lyft.com'

describe('x-forwarded-client-cert', () => {
  const xfcc = (value: string, bound: RecordedCertificate): Promise<string> =>
    outcome('x-forwarded-client-cert', 'xfcc', value, bound)

  it.each<[string, string, RecordedCertificate]>([
    [
      'Cert, Chain and a subject with commas',
      element(envoy, '', `${chainOf(envoy)};Subject="CN=user,OU=users,O=example"`),
      envoy,
    ],
    ['By and an empty subject', element(istio, istioBy, istioURI), istio],
    ['an empty URI and a DNS name', atIngress, envoy],
    ['two elements: the last one', `${fromClient},${fromGateway}`, consul.gateway],
    ['the example of the documentation before it', `${documented},${element(envoy)}`, envoy],
    [
      'keys in lower case',
      element(istio, istioBy, istioURI).replaceAll(/(?<=^|;)\w+(?==)/g, (key) => key.toLowerCase()),
      istio,
    ],
    ['escapes in lower case', element(envoy).replaceAll(/%../g, (escape) => escape.toLowerCase()), envoy],
    [
      'a subject with escaped quotes and backslashes',
      element(envoy, 'Subject="CN=\\"quoted\\",O=back\\\\slash";'),
      envoy,
    ],
    ['base64 that is not escaped, as ALB leaves it', element(alb), alb],
  ])('%s: the token is accepted', async (_what, value, bound) => {
    expect(await xfcc(value, bound)).toBe('200')
    expect(await xfcc(value, chainOnly)).toBe('401 binding')
  })

  it.each<[string, string, RecordedCertificate]>([
    ['two elements: not the first one', `${fromClient},${fromGateway}`, consul.client],
    ['the sidecar of Istio behind its ingress gateway', `${atIngress},${sidecar}`, envoy],
    ['Chain alone', element(chainOnly).replace('Cert=', 'Chain='), chainOnly],
    ['Hash alone', `Hash=${envoy.hash}`, envoy],
    ['Hash and Subject, as of Envoy 1.3', `Subject="CN=laptop.local";Hash=${envoy.hash}`, envoy],
    ['the example of the documentation', documented, envoy],
    ['the example of the documentation behind it', `${element(envoy)},${documented}`, envoy],
    [
      'names with semicolons, which Envoy does not quote (envoyproxy/envoy#32945)',
      `By=urn:abc:servicePrincipal(grpc-sample-service;None;i001);${element(envoy)}`,
      envoy,
    ],
    [
      'PEM that is not escaped',
      element({ ...envoy, cert: unescapedPem(envoy.cert).replaceAll('\n', ' ') }),
      envoy,
    ],
    ['the certificate without quotes and a comma behind it', `Hash=${envoy.hash};Cert=${envoy.cert},`, envoy],
    [
      'the certificate of Envoy’s own test',
      'By=test://foo.com/be;Hash=abcdefg;SAN=test://foo.com/fe;Cert="%3D%3Dabc%0Ade%3D"',
      envoy,
    ],
  ])('%s: the token is refused', async (_what, value, bound) => {
    expect(await xfcc(value, bound)).toBe('401 binding')
  })
})

describe('X-Amzn-Mtls-Clientcert of AWS ALB', () => {
  const read = (value: string, bound = alb): Promise<string> =>
    outcome('X-Amzn-Mtls-Clientcert', 'pem-urlencoded', value, bound)
  const { cert } = alb
  const lines = cert.split('%0A')
  const oneLine = [lines[0], lines.slice(1, -2).join(''), ...lines.slice(-2)].join('%0A')

  it.each<[string, string]>([
    ['as it was recorded', cert],
    // The examples of the documentation have %3D, its text says that = is left.
    ['with all of base64 escaped', cert.replaceAll('+', '%2B').replaceAll('/', '%2F').replaceAll('=', '%3D')],
    ['with = alone escaped', cert.replaceAll('=', '%3D')],
    ['with escapes in lower case', cert.replaceAll('%0A', '%0a')],
    ['with base64 in one line', oneLine],
    ['without the last line break', cert.replace(/%0A$/, '')],
    ['with the chain behind it', cert + chainOnly.cert + envoy.cert],
  ])('%s: the token is accepted', async (_what, value) => {
    expect(await read(value)).toBe('200')
    expect(await read(value, chainOnly)).toBe('401 binding')
  })

  it.each<[string, string, string?]>([
    ['decoded as a form, + is a space', cert.replaceAll('+', ' ')],
    ['decoded as a form and escaped again', cert.replaceAll('+', '%20')],
    ['with the chain before it', chainOnly.cert + cert],
    ['cut in the middle', cert.slice(0, 800)],
    [
      'with something left out, as the documentation prints it',
      `${cert.slice(0, 40)}<...reduced...>${cert.slice(-40)}`,
    ],
    ['with one character changed to another', cert.replace('MIIDST', 'MIIDSA')],
    ['twice, joined by a comma', `${cert},${cert}`, '400 malformed'],
  ])('%s: the token is refused', async (_what, value, expected = '401 binding') => {
    expect(await read(value)).toBe(expected)
  })
})
