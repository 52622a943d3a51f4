const absolute = /^(https?):\/\/([^/?#]*)([^?#]*)/i
// No user name: nobody's API is reached with one.
const authority = /^(\[[\da-f:.]+\]|[\w\-.~%!$&'()*+,;=]+)(?::(\d*))?$/i
const unreserved = /^[\w\-.~]$/

const defaultPorts: Readonly<Record<string, string>> = { http: '80', https: '443' }

/**
 * Normalises an absolute http or https URI for comparison, without its query and fragment (RFC 3986 §6.2.2 and
 * §6.2.3): the case of scheme, host and percent-encodings, the default port, an empty path, unreserved characters that
 * are percent-encoded, and dot segments.
 *
 * @returns `undefined` for any other text, and for a URI with a user name, a backslash or characters beyond ASCII
 */
export function normalUri(text: string): string | undefined {
  if (!isVisible(text)) return undefined
  const [, scheme = '', place = '', path = ''] = absolute.exec(text) ?? []
  const [, host, port = ''] = authority.exec(place) ?? []
  if (host === undefined || Number(port) > 65_535) return undefined
  const protocol = scheme.toLowerCase()
  const suffix = port === '' || port === defaultPorts[protocol] ? '' : `:${port}`
  return `${protocol}://${host.toLowerCase()}${suffix}${withoutDotSegments(decoded(path))}`
}

/** Tells whether a text is the beginning of an absolute http or https URI, with any path (RFC 3986 §3). */
export function isAbsolute(text: string): boolean {
  return normalUri(text.split('/', 3).join('/')) !== undefined
}

/**
 * Normalises an absolute URI that was made of a request target: as {@link normalUri}, and `undefined` also for dot
 * segments and a fragment, as in {@link pathOfTarget}.
 */
export function uriOfTarget(text: string): string | undefined {
  const [, , , path = ''] = absolute.exec(text) ?? []
  return text.includes('#') || hasDotSegments(decoded(path)) ? undefined : normalUri(text)
}

/**
 * Normalises the path of a request target as it was sent, without its query. The target is a path, or absolute as
 * proxies and the web platform write it; of an absolute one only the path counts.
 *
 * @returns `undefined` where routers may read another path than the client meant: for dot segments, however they are
 * encoded, a backslash, a fragment, and characters beyond ASCII
 */
export function pathOfTarget(target: string): string | undefined {
  if (!isVisible(target) || target.includes('#')) return undefined
  const [, , , rest] = target.startsWith('/') ? [] : (absolute.exec(target) ?? [])
  const path = decoded(rest ?? (target.split('?', 1)[0] as string))
  if (path === '') return rest === undefined ? undefined : '/'
  return path.startsWith('/') && !hasDotSegments(path) ? path : undefined
}

/**
 * Tells whether a text is visible ASCII without the backslash, which some parsers take for a slash. No regular
 * expression: behind a signature check, which leaves the processor's caches empty, one takes several microseconds.
 */
function isVisible(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code < 0x21 || code > 0x7e || code === 0x5c) return false
  }
  return true
}

/** Decodes what need not be encoded, and writes the other encodings in upper case. */
function decoded(path: string): string {
  if (!path.includes('%')) return path
  return path.replaceAll(/%([\da-f]{2})/gi, (encoding, digits: string) => {
    const character = String.fromCharCode(parseInt(digits, 16))
    return unreserved.test(character) ? character : encoding.toUpperCase()
  })
}

function hasDotSegments(path: string): boolean {
  return path.includes('/.') && path.split('/').some((segment) => segment === '.' || segment === '..')
}

/** RFC 3986 §5.2.4, for a path that is empty or begins with a slash. */
function withoutDotSegments(path: string): string {
  if (path === '') return '/'
  if (!hasDotSegments(path)) return path
  const segments = path.split('/').slice(1)
  const kept: string[] = []
  for (const segment of segments) {
    if (segment === '..') kept.pop()
    else if (segment !== '.') kept.push(segment)
  }
  const last = segments.at(-1)
  // A dot segment at the end leaves the slash before it.
  return `/${kept.join('/')}${(last === '.' || last === '..') && kept.length > 0 ? '/' : ''}`
}
