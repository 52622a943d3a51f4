import { clientCertificate, createResourceServer } from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'
import { testCertificate, type TestCertificate, written } from '../support/certificates.ts'
import { hosts, http2Hosts } from '../support/hosts.ts'
import { sharedHosts } from '../support/shared-hosts.ts'
import { overHttp1, overHttp2, type Send } from '../support/wire.ts'

const issuer = await createTestIssuer()
const [own, thief] = (await Promise.all(['client', 'thief'].map(testCertificate))) as [
  TestCertificate,
  TestCertificate,
]
const token = await issuer.sign({ cnf: { 'x5t#S256': own.thumbprint } })
const apiOf = (header: string, format: 'rfc9440' | 'pem-urlencoded' | 'xfcc' | 'der-base64') =>
  createResourceServer({ ...issuer.options, mtls: { certificate: clientCertificate(header, { format }) } })
const apis = {
  rfc9440: apiOf('Client-Cert', 'rfc9440'),
  pem: apiOf('X-SSL-Client-Cert', 'pem-urlencoded'),
  xfcc: apiOf('X-Forwarded-Client-Cert', 'xfcc'),
  der: apiOf('X-SSL-Client-DER', 'der-base64'),
}
const started = sharedHosts()

type Case = readonly [
  title: string,
  api: keyof typeof apis,
  headers: readonly (readonly [string, string])[],
  status: number,
]
const envoy = (certificate: TestCertificate): string => `Cert="${written.nginx(certificate)}"`
const cases: readonly Case[] = [
  ['MTL class: the right certificate is accepted', 'pem', [['X-SSL-Client-Cert', written.nginx(own)]], 200],
  [
    'MTL-1 the header of the client beside the one of the proxy',
    'pem',
    [
      ['X-SSL-Client-Cert', written.nginx(own)],
      ['X-SSL-Client-Cert', written.nginx(thief)],
    ],
    400,
  ],
  [
    'MTL-1 the same header twice',
    'rfc9440',
    [
      ['Client-Cert', written.rfc9440(own)],
      ['client-cert', written.rfc9440(own)],
    ],
    400,
  ],
  [
    'MTL-1 the header of XFCC twice',
    'xfcc',
    [
      ['X-Forwarded-Client-Cert', envoy(thief)],
      ['X-Forwarded-Client-Cert', envoy(own)],
    ],
    400,
  ],
  ['MTL-1 the header of another proxy', 'pem', [['Client-Cert', written.rfc9440(own)]], 401],
  [
    'MTL-1 DPP-33 the header of another proxy beside the right one',
    'pem',
    [
      ['Client-Cert', written.rfc9440(own)],
      ['X-SSL-Client-Cert', written.nginx(thief)],
    ],
    401,
  ],
  ['MTL-1 DPP-33 no header', 'pem', [], 401],
  ['MTL-1 an empty header', 'pem', [['X-SSL-Client-Cert', '']], 401],
  ['MTL-1 what is no certificate', 'pem', [['X-SSL-Client-Cert', 'certificate']], 401],
  [
    'MTL-1 a plus for a space',
    'pem',
    [['X-SSL-Client-Cert', written.nginx(own).replaceAll('%20', '+')]],
    401,
  ],
  ['MTL-2 no armour', 'pem', [['X-SSL-Client-Cert', encodeURIComponent(own.der.toString('base64'))]], 401],
  ['MTL-2 DER in place of PEM', 'pem', [['X-SSL-Client-Cert', written.haproxy(own)]], 401],
  ['MTL-2 PEM in place of DER', 'der', [['X-SSL-Client-DER', written.nginx(own)]], 401],
  ['MTL-2 DER where it is configured', 'der', [['X-SSL-Client-DER', written.haproxy(own)]], 200],
  ['MTL-2 PEM in place of a byte sequence', 'rfc9440', [['Client-Cert', written.nginx(own)]], 401],
  ['MTL-2 XFCC, one element', 'xfcc', [['X-Forwarded-Client-Cert', written.envoy(own)]], 200],
  [
    'MTL-2 XFCC, the last element',
    'xfcc',
    [['X-Forwarded-Client-Cert', `${envoy(thief)},${envoy(own)}`]],
    200,
  ],
  [
    'MTL-2 XFCC, the first element',
    'xfcc',
    [['X-Forwarded-Client-Cert', `${envoy(own)},${envoy(thief)}`]],
    401,
  ],
  [
    'MTL-2 XFCC, the last element without one',
    'xfcc',
    [['X-Forwarded-Client-Cert', `${envoy(own)},Hash=0f`]],
    401,
  ],
]

// What a web Headers object has joined cannot be told from one header with two elements.
const joins = (name: string, title: string): boolean => name === 'fetch' && title.includes('XFCC twice')

function attack(name: string, start: (typeof hosts)[string], send: Send): void {
  it.each(cases)('%s', async (title, api, headers, status) => {
    const { port } = await started(start, apis[api], send === overHttp2 ? http2 : undefined)
    const answer = await send(port, { headers: [['Authorization', `Bearer ${token}`], ...headers] })
    expect(answer.status).toBe(joins(name, title) ? 200 : status)
    expect(answer.body).not.toContain(own.thumbprint)
  })
}
const http2 = { http2: true }

describe.each(Object.entries(hosts))('%s, HTTP/1.1', (name, start) => attack(name, start, overHttp1))
describe.each(Object.entries(http2Hosts))('%s, HTTP/2', (name, start) => attack(name, start, overHttp2))
