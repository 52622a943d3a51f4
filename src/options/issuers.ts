import { issuerOptionNames, issuerSettings, type IssuerSettings } from './issuer.ts'
import { copyOptions, type OptionsObject } from './reader.ts'

/** The issuers an API trusts. */
export type IssuersSettings =
  /** `options`: one, named in the options themselves; `list`: those of the `issuers` list. */
  | { readonly from: 'options' | 'list'; readonly issuers: readonly IssuerSettings[] }
  | {
      readonly from: 'function'
      /** The user's own function; what it returns is not checked yet. */
      readonly resolve: (name: string) => unknown
      /** Checks what the function returned for an issuer. @throws {TypeError} */
      readonly settingsOf: (name: string, answer: unknown) => IssuerSettings | undefined
    }

/** Single-issuer options; not allowed together with `issuers`. */
const singleIssuerNames = ['issuer', 'jwksUri', 'jwks', 'secret'] as const

/** Reads which issuers are trusted, and how. @throws {TypeError} */
export function issuersSettings(options: OptionsObject): IssuersSettings {
  const { issuers } = options
  const common = pick(options, issuerOptionNames)
  if (issuers === undefined) return { from: 'options', issuers: [issuerSettings(common, '')] }
  const contradiction = singleIssuerNames.find((name) => options[name] !== undefined)
  if (contradiction !== undefined) {
    throw new TypeError(`${contradiction}: belongs to one issuer; say it inside issuers, or drop issuers`)
  }
  if (typeof issuers === 'function') {
    return {
      from: 'function',
      resolve: issuers as (name: string) => unknown,
      settingsOf: (name, answer) => vouchedSettings(name, answer, common),
    }
  }
  if (!Array.isArray(issuers) || issuers.length === 0) {
    throw new TypeError('issuers: must be a list of at least one issuer, or a function')
  }
  const list = issuers.map((entry: unknown, index) => {
    const where = `issuers[${index}]`
    const said = copyOptions(entry, where, issuerOptionNames)
    return issuerSettings({ ...common, ...said }, where)
  })
  if (new Set(list.map(({ issuer }) => issuer)).size < list.length) {
    throw new TypeError('issuers: two entries name the same issuer; merge them')
  }
  return { from: 'list', issuers: list }
}

/** Checks what the function of the `issuers` option returned. @throws {TypeError} */
function vouchedSettings(name: string, answer: unknown, common: OptionsObject): IssuerSettings | undefined {
  if (answer === undefined || answer === null) return undefined
  const said = copyOptions(answer, 'issuers(iss)', issuerOptionNames)
  // Anything else would let one issuer's keys sign for another.
  if ((said['issuer'] ?? name) !== name) {
    throw new TypeError('issuers(iss): must return options for the issuer it was asked about')
  }
  return issuerSettings({ ...common, ...said, issuer: name }, 'issuers(iss)')
}

function pick(options: OptionsObject, names: readonly string[]): OptionsObject {
  const picked: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  for (const name of names) if (options[name] !== undefined) picked[name] = options[name]
  return picked
}
