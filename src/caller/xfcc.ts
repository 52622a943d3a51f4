/** A key, its value, quoted or not, and what ends it, from where the last one ended. */
const pair = /([A-Za-z]+)=(?:"((?:[^"\\]|\\.)*)"|([^",;]*))(?:([,;]) *|$)/y

type Pair = readonly [all: string, key: string, quoted: string | undefined, plain: string, separator?: string]

/**
 * Reads `Cert` of the last element of Envoy's `x-forwarded-client-cert`: elements are separated by commas, the pairs of
 * an element by semicolons, and either may stand in a quoted value. Each proxy appends its element, so that the last
 * one is of the proxy next to us, and the others may be of anyone. Keys are in any case.
 *
 * @returns its value as it is written; `undefined` where the element has none, or more than one, or anything in the
 *   header is malformed
 */
export function lastCertificateOf(text: string): string | undefined {
  let found: string[] = []
  let separator: string | undefined
  pair.lastIndex = 0
  do {
    const match = pair.exec(text) as Pair | null
    if (match === null) return undefined
    if (separator === ',') found = []
    const [, key, quoted, plain] = match
    if (key.toLowerCase() === 'cert') found.push(quoted ?? plain)
    separator = match[4]
  } while (separator !== undefined)
  return found.length === 1 ? found[0] : undefined
}
