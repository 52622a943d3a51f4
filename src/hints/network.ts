import type { RefusalDetail } from '../detail.ts'
import { isRefusalStatus } from '../errors.ts'

/** Facts of a fetch that failed. */
export interface FailedFetch {
  readonly status?: number | undefined
  readonly url?: string | undefined
  readonly code?: string | undefined
  readonly thrown?: string | undefined
  readonly detail?: RefusalDetail | undefined
}

const privateAuthority =
  'the certificate is of an authority that Node does not know: for a private one, set NODE_EXTRA_CA_CERTS to its file before Node starts'
const wrongProtocol =
  'the port does not speak https: use the port that does, or an http URL together with allowInsecureHosts'
const noRoute = 'nothing came back: check firewall, proxy and outgoing network access'
const noName =
  'the host name cannot be found: check the URL and DNS; in a container, use the name of the service'

/** What to do about an error code of the system or of its TLS library. */
const byCode: Readonly<Record<string, string>> = {
  ENOTFOUND: noName,
  EAI_AGAIN: noName,
  ECONNREFUSED:
    'nothing listens there: check host and port; in a container, localhost is the container itself',
  ECONNRESET: 'the connection was closed: check that the port speaks the protocol of the URL',
  UND_ERR_SOCKET: 'the connection was closed: check that the port speaks the protocol of the URL',
  ETIMEDOUT: noRoute,
  UND_ERR_CONNECT_TIMEOUT: noRoute,
  EHOSTUNREACH: noRoute,
  ENETUNREACH: noRoute,
  DEPTH_ZERO_SELF_SIGNED_CERT: privateAuthority,
  SELF_SIGNED_CERT_IN_CHAIN: privateAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: privateAuthority,
  UNABLE_TO_GET_ISSUER_CERT: privateAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: privateAuthority,
  CERT_HAS_EXPIRED: 'the certificate of the server has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another host name than the one in the URL',
  ERR_SSL_WRONG_VERSION_NUMBER: wrongProtocol,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: wrongProtocol,
  EPROTO: wrongProtocol,
}

/** Tells what to do about a fetch that failed; `undefined` where there is nothing to add. */
export function networkHint({ status, code, thrown, url }: FailedFetch): string | undefined {
  const known = code === undefined || !Object.hasOwn(byCode, code) ? undefined : byCode[code]
  if (known !== undefined) return known
  if (thrown !== undefined) return 'the fetch function itself failed'
  if (status === undefined) return url === undefined ? undefined : noRoute
  if (isRefusalStatus(status)) return 'the server asks for credentials: key sets and metadata must be public'
  if (status === 404 || status === 410) {
    return 'nothing is published at this URL: compare issuer, jwksUri and metadataUrl with the documentation of the issuer'
  }
  if (Math.floor(status / 100) === 3) return 'redirects are not followed: configure the URL that it leads to'
  if (status === 429) return 'the issuer limits how often it may be asked'
  return status >= 500 ? 'the issuer is out of order: it is tried again by itself' : undefined
}
