import { describe, expect, it } from 'vitest'
import { networkHint } from '../../src/hints/network.ts'

/** Error codes, with what is to be done. */
const codes: Readonly<Record<string, RegExp>> = {
  'ENOTFOUND EAI_AGAIN': /the host name cannot be found/,
  ECONNREFUSED: /nothing listens/,
  'ECONNRESET UND_ERR_SOCKET': /the connection was closed/,
  'ETIMEDOUT UND_ERR_CONNECT_TIMEOUT EHOSTUNREACH ENETUNREACH': /nothing came back/,
  'DEPTH_ZERO_SELF_SIGNED_CERT SELF_SIGNED_CERT_IN_CHAIN UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    /NODE_EXTRA_CA_CERTS/,
  'UNABLE_TO_GET_ISSUER_CERT UNABLE_TO_GET_ISSUER_CERT_LOCALLY': /NODE_EXTRA_CA_CERTS/,
  CERT_HAS_EXPIRED: /has expired/,
  ERR_TLS_CERT_ALTNAME_INVALID: /another host name/,
  'ERR_SSL_WRONG_VERSION_NUMBER ERR_SSL_PACKET_LENGTH_TOO_LONG EPROTO': /does not speak https/,
}

describe('the hint about a fetch', () => {
  it.each<[object, RegExp | undefined]>([
    ...Object.entries(codes).flatMap(([list, hint]) =>
      list.split(' ').map((code): [object, RegExp] => [{ code }, hint]),
    ),
    [{ thrown: 'TypeError' }, /fetch function itself/],
    [{ url: 'https://id.test' }, /nothing came back/],
    [{ status: 401 }, /credentials/],
    [{ status: 403 }, /credentials/],
    [{ status: 404 }, /nothing is published/],
    [{ status: 410 }, /nothing is published/],
    [{ status: 302 }, /redirects are not followed/],
    [{ status: 429 }, /how often/],
    [{ status: 500 }, /out of order/],
    [{ status: 503, url: 'https://id.test' }, /out of order/],
    [{ status: 400 }, undefined],
    [{ status: 499 }, undefined],
    [{ status: 200 }, undefined],
    [{}, undefined],
    [{ code: 'constructor' }, undefined],
  ])('reads %o', (failed, hint) => {
    if (hint === undefined) expect(networkHint(failed)).toBeUndefined()
    else expect(networkHint(failed)).toMatch(hint)
  })
})
