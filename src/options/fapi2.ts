import type { AlgorithmName } from '../algorithms.ts'

/** Algorithms of the FAPI 2.0 Security Profile §5.4.1: PS256, ES256 and EdDSA with Ed25519. */
const fapi2Algorithms: readonly AlgorithmName[] = ['PS256', 'ES256', 'EdDSA', 'Ed25519']

/**
 * The least and the most that clocks may be set to differ, in seconds: with `fapi2`, 10 must pass, and 60 must not
 * (FAPI 2.0 Security Profile §5.3.2.1).
 */
export function clockBounds(profile: unknown): readonly [min: number, max: number] {
  return profile === 'fapi2' ? [10, 59] : [0, 300]
}

/** Whether the FAPI 2.0 Security Profile permits an algorithm. */
export function isFapi2Algorithm(name: AlgorithmName): boolean {
  return fapi2Algorithms.includes(name)
}

/** @param at name of the option for messages @throws {TypeError} for an algorithm that the profile does not permit */
export function checkFapi2Algorithms(names: readonly AlgorithmName[], at: string): readonly AlgorithmName[] {
  const other = names.find((name) => !isFapi2Algorithm(name))
  if (other === undefined) return names
  throw new TypeError(`${at}: profile 'fapi2' permits ${fapi2Algorithms.join(', ')}; drop ${other}`)
}

/** What {@link checkFapi2} looks at. */
export interface Fapi2Facts {
  /** The option `profile`, checked. */
  readonly profile: unknown
  /** Whether proofs or certificates of senders are checked. */
  readonly confirmsSenders: boolean
  /** `undefined`: off. */
  readonly revocation: { readonly onUnavailable: 'refuse' | 'allow' } | undefined
  /** The issuers by name; `undefined` where a function decides. */
  readonly issuers: readonly Fapi2Issuer[] | undefined
}

/** One issuer, as {@link checkFapi2} looks at it. */
export interface Fapi2Issuer {
  readonly issuer: string
  readonly profile: string
  /** `undefined`: off. */
  readonly introspected: 'opaque' | 'all' | undefined
}

/**
 * Checks what `profile: 'fapi2'` asks for beside algorithms and clocks (FAPI 2.0 Security Profile §5.3.3): tokens that
 * are bound to their sender, and whose status of revocation is checked.
 *
 * @returns whether the profile is set
 * @throws {TypeError} naming the option and the fix
 */
export function checkFapi2({ profile, confirmsSenders, revocation, issuers }: Fapi2Facts): boolean {
  const isSet = profile === 'fapi2'
  const other = issuers?.find((each) => (each.profile === 'fapi2') !== isSet)
  if (other !== undefined) throw mixedProfiles(`issuers (${JSON.stringify(other.issuer)})`)
  if (!isSet) return false
  if (!confirmsSenders) {
    throw new TypeError(
      "profile: 'fapi2' accepts tokens that are bound to their sender alone; set dpop (with resource), or mtls",
    )
  }
  if (revocation?.onUnavailable === 'allow') {
    throw new TypeError(
      "revocation: onUnavailable 'allow' accepts revoked tokens, which profile 'fapi2' forbids; drop it",
    )
  }
  if (revocation === undefined) checkIntrospection(issuers)
  return true
}

function checkIntrospection(issuers: readonly Fapi2Issuer[] | undefined): void {
  const unchecked = issuers?.find(({ introspected }) => introspected === undefined)
  if (issuers === undefined || unchecked !== undefined) {
    throw new TypeError(
      "profile: 'fapi2' has to check whether tokens were revoked; set revocation, or introspection",
    )
  }
  if (issuers.some(({ introspected }) => introspected === 'opaque')) {
    throw new TypeError(
      "introspection: with tokens 'opaque', JWTs that were revoked pass, which profile 'fapi2' forbids; drop tokens, or set revocation",
    )
  }
}

/** The error for one issuer with a profile of its own. @param at what has it */
export function mixedProfiles(at: string): TypeError {
  return new TypeError(`${at}: profile 'fapi2' is for the whole API: set it beside issuers, for all of them`)
}
