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

/** Tells whether the host of an `http:` URL is in the list. */
function isListed({ hostname, port }: URL, hosts: readonly string[]): boolean {
  const withPort = `${hostname}:${port || '80'}`
  return hosts.some((host) => {
    const listed = host.toLowerCase()
    return listed === hostname || listed === withPort
  })
}
