import { plain } from '../hints/plain.ts'
import { unawaited } from '../lib/maybe-promise.ts'
import {
  checkCommonOptions,
  type IssuerOptionName,
  issuerOptionNames,
  issuerSettings,
  type IssuerSettings,
  singleIssuerNames,
} from './issuer.ts'
import { mixedProfiles } from './fapi2.ts'
import { isIssuerName } from './issuer-name.ts'
import { checkEntries, optionsReader, type OptionsBehind, type OptionsReader } from './reader.ts'

/** The issuers an API trusts. */
export type IssuersSettings =
  /** `options`: one, named in the options themselves; `list`: those of the `issuers` list. */
  | { readonly from: 'options' | 'list'; readonly issuers: readonly IssuerSettings[] }
  | {
      readonly from: 'function'
      /** The user's own function; what it returns is not checked yet. */
      readonly resolve: (name: string) => unknown
      /** Seconds, for issuers that set none themselves. */
      readonly clockTolerance: number
      /** Checks what the function returned for an issuer. @throws {TypeError} */
      readonly settingsOf: (name: string, answer: unknown) => IssuerSettings | undefined
    }

/**
 * Reads which issuers are trusted, and how.
 *
 * @throws {TypeError}
 */
export function issuersSettings(
  read: OptionsReader<IssuerOptionName | 'issuers'>,
  allowInsecureHosts: readonly string[],
): IssuersSettings {
  const { issuers } = read.values
  if (issuers === undefined) return { from: 'options', issuers: [issuerSettings(read, allowInsecureHosts)] }
  const contradiction = singleIssuerNames.find((name) => read.values[name] !== undefined)
  if (contradiction !== undefined) {
    throw new TypeError(`${contradiction}: belongs to one issuer; set it inside issuers, or drop issuers`)
  }
  const { clockTolerance } = checkCommonOptions(read)
  const common = commonOptions(read)
  if (typeof issuers === 'function') {
    return {
      from: 'function',
      resolve: issuers as (name: string) => unknown,
      clockTolerance,
      settingsOf(name, answer) {
        try {
          return vouchedSettings(name, answer, common, allowInsecureHosts)
        } catch (error) {
          // A forgotten `await`: `jwks: getKeys()`.
          unawaited(answer)
          throw isOwnMessage(error, name) ? plain(error) : error
        }
      },
    }
  }
  const what = 'at least one issuer, or a function'
  const entries = checkEntries(issuers, 'issuers', what)
  if (entries.length === 0) throw new TypeError(`issuers: must be a list of ${what}`)
  const list = entries.map((entry, index) =>
    issuerSettings(optionsReader(entry, `issuers[${index}]`, issuerOptionNames, common), allowInsecureHosts),
  )
  const twice = list.find(({ issuer }, index) => list.findIndex((other) => other.issuer === issuer) < index)
  if (twice !== undefined) {
    throw new TypeError(
      `issuers: two entries name the same issuer, ${JSON.stringify(twice.issuer)}; write one entry, which may have secret together with jwksUri or jwks when its algorithms list both kinds, for example ['ES256', 'HS256']`,
    )
  }
  checkOneForOpaque(list)
  return { from: 'list', issuers: list }
}

/** An opaque token names no issuer, and must never be shown to two of them. */
function checkOneForOpaque(issuers: readonly IssuerSettings[]): void {
  const asked = issuers.filter(({ introspection }) => introspection?.tokens === 'opaque')
  if (asked.length < 2) return
  throw new TypeError(
    "issuers: introspection of opaque tokens is set for two issuers, and nothing tells whose token one is; keep it for one, and set tokens: 'all' or no introspection for the others",
  )
}

/** The options that apply to every issuer which does not set them itself. */
function commonOptions({ values, at }: OptionsReader<IssuerOptionName | 'issuers'>): OptionsBehind {
  const common = Object.create(null) as Record<string, unknown>
  for (const name of issuerOptionNames) if (values[name] !== undefined) common[name] = values[name]
  return { values: common, at }
}

/** Checks what the function of the `issuers` option returned. @throws {TypeError} */
/** Whether a message is a sentence of this module without the name, which comes from a token that nobody verified. */
function isOwnMessage(error: unknown, name: string): error is TypeError {
  return (
    error instanceof TypeError && error.message.startsWith('issuers(iss)') && !error.message.includes(name)
  )
}

function vouchedSettings(
  name: string,
  answer: unknown,
  common: OptionsBehind,
  allowInsecureHosts: readonly string[],
): IssuerSettings | undefined {
  if (answer === undefined || answer === null) return undefined
  const given = optionsReader(answer, 'issuers(iss)', issuerOptionNames)
  // Anything else would let one issuer's keys sign for another.
  if (given.values['issuer'] !== undefined && given.values['issuer'] !== name) {
    throw new TypeError('issuers(iss): must return options for the issuer it was asked about')
  }
  if (!isIssuerName(name, { ...common.values, ...given.values }, allowInsecureHosts)) return undefined
  // Read once more with the common options behind: a copy, so no getter of the answer runs again.
  const named = { ...given.values, issuer: name }
  const settings = issuerSettings(
    optionsReader(named, 'issuers(iss)', issuerOptionNames, common),
    allowInsecureHosts,
  )
  if ((settings.rules.profile === 'fapi2') !== (common.values['profile'] === 'fapi2')) {
    throw mixedProfiles('issuers(iss).profile')
  }
  if (settings.introspection?.tokens === 'opaque') {
    throw new TypeError(
      "issuers(iss).introspection.tokens: must be 'all' with a function of issuers, which opaque tokens do not name",
    )
  }
  return settings
}
