/** A warning that the process shows once the resource server is made. */
export interface Warning {
  readonly code: string
  readonly message: string
}

/** A host with or without a port; brackets around IPv6. */
const host = /^(?:\[[\da-f:.]+\]|[^\s/?#@:\\[\]*%]+)(?::\d{1,5})?$/i

/** Checks the entries of `allowInsecureHosts`. @throws {TypeError} */
export function checkHosts(entries: readonly string[]): readonly string[] {
  return entries.map((entry) => {
    if (host.test(entry) && URL.canParse(`http://${entry}`)) return entry.toLowerCase()
    const meant = URL.canParse(entry) ? new URL(entry).host : ''
    throw new TypeError(
      `allowInsecureHosts: ${JSON.stringify(entry)} is not a host; write 'host' or 'host:port'${host.test(meant) ? `, here '${meant}'` : ''}`,
    )
  })
}

/** The warning about hosts that are reached without TLS, if there are any. */
export function insecureHostWarnings(hosts: readonly string[]): readonly Warning[] {
  if (hosts.length === 0) return []
  return [
    {
      code: 'OAUTH_INSECURE_HOST',
      message: `oauth-resource-server accepts plain http from ${hosts.join(', ')}: whoever can change what they send decides whose tokens are accepted`,
    },
  ]
}
