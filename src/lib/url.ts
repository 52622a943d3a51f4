const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/

/** Tells whether a URL points at this machine. */
export function isLoopback(url: URL): boolean {
  return loopback.test(url.hostname)
}

/**
 * Tells whether keys may be fetched from a URL: by https, or by http from this machine (RFC 8414 §2) and from hosts
 * that the configuration lists.
 *
 * @param allowInsecureHosts `host` or `host:port`, IPv6 in brackets; without a port any port
 */
export function isFetchable(url: URL, allowInsecureHosts: readonly string[] = []): boolean {
  if (url.protocol === 'https:') return true
  return url.protocol === 'http:' && (isLoopback(url) || isListed(url, allowInsecureHosts))
}

/** Tells whether the host of a URL is in a list of `host` or `host:port`; compared exactly, in lower case. */
export function isListed({ hostname, port, protocol }: URL, hosts: readonly string[]): boolean {
  const withPort = `${hostname}:${port || (protocol === 'https:' ? '443' : '80')}`
  return hosts.some((host) => {
    const listed = host.toLowerCase()
    return listed === hostname || listed === withPort
  })
}

/** Names that every machine has for itself. */
const ownNames = /(?:^|\.)(?:ip6-)?(?:localhost|loopback)[46]?(?:\.localdomain[46]?)?$/

/**
 * Tells whether the host of a URL is an IP address or a name of the machine itself: a stranger has no reason to send
 * us there. `URL` writes every spelling of an IPv4 address the same way; the dot that may end a name is left out here.
 */
export function isAddress({ hostname }: URL): boolean {
  const host = hostname.replace(/\.$/, '')
  return host.startsWith('[') || /^[\d.]+$/.test(host) || ownNames.test(host)
}

/**
 * Whether a parser keeps a URL as it is written: it changes neither its host nor its path, except for upper case and
 * the default port. Otherwise `https://evil.test\\.example.com` is a URL of `evil.test`, and `/tenants/../admin` is
 * not below `/tenants`. Encoded separators, dots, percent signs and control characters are no plain path either: the
 * server behind the URL may decode them once more.
 */
export function hasPlainPath(text: string): boolean {
  const [, scheme = '', host = '', path = ''] = /^([a-z]+):\/\/([^/?#\\@]+)([^?#]*)/i.exec(text) ?? []
  if (!URL.canParse(text)) return false
  const url = new URL(text)
  const defaultPort = url.protocol === 'https:' ? /:443$/ : /:80$/
  return (
    `${scheme.toLowerCase()}:` === url.protocol &&
    host.toLowerCase().replace(defaultPort, '') === url.host &&
    !url.hostname.endsWith('.') &&
    (path || '/') === url.pathname &&
    !/%(?:2[ef5]|5c|[01][\da-f]|7f|(?![\da-f]{2}))/i.test(path)
  )
}

/** A URL as it may be shown: without credentials, query and fragment. */
export function shownUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined
  const { origin, pathname } = new URL(text)
  return `${origin}${pathname}`
}

/** Whether a value is an origin as browsers send it (RFC 6454 §6.2); plain http only of this machine. */
export function isOrigin(value: unknown): value is string {
  if (typeof value !== 'string' || !URL.canParse(value)) return false
  const url = new URL(value)
  return url.origin === value && (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url)))
}
