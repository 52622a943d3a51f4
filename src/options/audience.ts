import { checkTexts, type OptionsReader } from './reader.ts'
import type { ClaimRules } from './rules.ts'

type AudienceReader = OptionsReader<'audience' | 'clients' | 'profile'>

/**
 * Reads the option `audience`. @returns `undefined` where it is not given
 *
 * @throws {TypeError} for anything but text, a list of texts and `null`
 */
export function audienceOf({ values, at }: AudienceReader): ClaimRules['audience'] | undefined {
  const audience = values['audience']
  if (audience === undefined || audience === null) return audience
  if (typeof audience !== 'string') return checkTexts(audience, at('audience'))
  if (audience === '')
    throw new TypeError(`${at('audience')}: must be a string that is not empty, or a list of such strings`)
  return [audience]
}

/**
 * As {@link audienceOf}, for an issuer, which must have it.
 *
 * @throws {TypeError} where it is missing, or `null` leaves nothing that tells the tokens of this API from others
 */
export function requiredAudience(read: AudienceReader): ClaimRules['audience'] {
  const audience = audienceOf(read)
  if (audience === undefined) {
    // With `issuers`, the environment is not read.
    const or = read.at('audience') === 'audience' ? ' (or OAUTH_AUDIENCE)' : ''
    throw new TypeError(
      `${read.at('audience')}: set the audience of this API${or}; without it every API's tokens would be accepted`,
    )
  }
  if (audience === null) checkWithoutAudience(read)
  return audience
}

function checkWithoutAudience(read: AudienceReader): void {
  if (read.list('clients') === undefined) {
    throw new TypeError(
      `${read.at('audience')}: null is accepted only together with clients, the list of clients to accept`,
    )
  }
  if (read.values['profile'] === 'rfc9068') {
    throw new TypeError(
      `${read.at('audience')}: null contradicts profile 'rfc9068': RFC 9068 §4 requires that the audience is checked; name the audience, or leave the profile out`,
    )
  }
}
