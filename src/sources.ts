import type { Issuers } from './issuer/issuers.ts'
import type { TrustedIssuer } from './issuer/trusted-issuer.ts'
import type { Decrypter } from './jose/decrypt.ts'
import type { Clock } from './lib/clock.ts'
import type { Settings } from './options/settings.ts'
import { decrypted, onlyEncrypted } from './token/encrypted.ts'
import { jwtSource } from './token/jwt.ts'
import { byForm, introspected, opaqueSource } from './token/opaque.ts'
import { remembered } from './token/remembered.ts'
import type { TokenSource } from './token/verified-token.ts'
import { withinLength } from './token/within-length.ts'

/** Makes the source of every kind of token that the settings accept. */
export function sourceOf(
  settings: Settings<unknown>,
  issuers: Issuers,
  clock: Clock,
  decrypter: Decrypter | undefined,
): TokenSource {
  const foreignIssuer = settings.issuers.from === 'options' ? 'issuer' : 'unknown_issuer'
  const jwt = jwtSource({ issuers, foreignIssuer, clock })
  const { decryption, tokenCache } = settings
  const any =
    decryption === undefined || decrypter === undefined
      ? jwt
      : decrypted(jwt, { accepted: decryption, decrypter, clock })
  // A remembered token is not decrypted again.
  const local = remembered(any, tokenCache, clock)
  const signed = mayAskAboutAll(settings) ? introspected(local, issuers, clock) : local
  const asked = askedIssuer(issuers.configured())
  const source =
    asked?.introspection === undefined
      ? signed
      : byForm(signed, opaqueSource(asked, asked.introspection, clock))
  return withinLength(decryption?.required === true ? onlyEncrypted(source) : source, settings.maxTokenLength)
}

/** Whether an issuer may be asked about JWTs; what a function of issuers returns is not known yet. */
function mayAskAboutAll({ issuers }: Settings<unknown>): boolean {
  return (
    issuers.from === 'function' ||
    issuers.issuers.some(({ introspection }) => introspection?.tokens === 'all')
  )
}

/** The issuer that is shown opaque tokens: the one set up for them, else the only one that is asked at all. */
function askedIssuer(issuers: readonly TrustedIssuer[]): TrustedIssuer | undefined {
  const asked = issuers.filter(({ introspection }) => introspection !== undefined)
  const forOpaque = issuers.find(({ introspection }) => introspection?.tokens === 'opaque')
  return forOpaque ?? (asked.length === 1 ? asked[0] : undefined)
}
