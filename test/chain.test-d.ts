/* What must not compile: no stage of the verification can be skipped. types.test.ts has the compiler read this. */
import { acceptance, type VerifiedAuth } from '../src/caller/accept.ts'
import { confirmation } from '../src/caller/confirmation.ts'
import type { Presented } from '../src/http/finder.ts'
import { notRevocable } from '../src/caller/revocation.ts'
import { asSigned } from '../src/caller/schema.ts'
import type { ActiveAnswer } from '../src/issuer/introspection-answer.ts'
import type { TrustedIssuer } from '../src/issuer/trusted-issuer.ts'
import type { ParsedToken } from '../src/jose/jws.ts'
import type { Clock } from '../src/lib/clock.ts'
import { checkedAnswer, type CheckedAnswer } from '../src/token/checked-answer.ts'
import type { LogoutToken } from '../src/token/logout-token.ts'
import type { PlausibleToken } from '../src/token/plausible-token.ts'
import { acceptableToken, plausibleToken } from '../src/token/plausible-token.ts'
import type { SignedToken } from '../src/token/signed-token.ts'
import { signedToken } from '../src/token/signed-token.ts'
import type { TokenSource, VerifiedToken } from '../src/token/verified-token.ts'
import { verification } from '../src/token/verified-token.ts'
import type { MaybePromise } from '../src/types.ts'

declare const parsed: ParsedToken
declare const issuer: TrustedIssuer
declare const plausible: PlausibleToken
declare const signed: SignedToken
declare const active: ActiveAnswer
declare const checked: CheckedAnswer
declare const logout: LogoutToken
declare const verified: VerifiedToken
declare const presented: Presented
declare const clock: Clock
declare const auth: VerifiedAuth<unknown>
const sender = (): undefined => undefined

export function inOrder(): void {
  plausibleToken(acceptableToken(parsed, 0), issuer, 0) satisfies PlausibleToken
  signedToken(plausible) satisfies MaybePromise<SignedToken>
  verification(signed, 0) satisfies VerifiedToken
  checkedAnswer(active, issuer, 0) satisfies CheckedAnswer
  verification(checked, 0) satisfies VerifiedToken
  const { accept } = acceptance({ sender, revocation: notRevocable, claims: asSigned }, clock)
  accept(verified, presented) satisfies MaybePromise<VerifiedAuth<unknown>>
}

export function outOfOrder(): void {
  // @ts-expect-error what no rules could accept is refused before the rules are applied
  plausibleToken(parsed, issuer, 0)
  // @ts-expect-error a token must be plausible before its key is looked for
  signedToken(parsed)
  // @ts-expect-error the signature comes before the claims
  verification(plausible, 0)
  // @ts-expect-error nothing but `plausibleToken` makes a plausible token
  signedToken({ parsed, issuer, times: plausible.times })
  const { header, claims, key, times } = signed
  const lookalike = { header, claims, issuer, key, times }
  // @ts-expect-error nothing but `signedToken` makes a signed token
  verification(lookalike, 0)
}

export function introspected(): void {
  // @ts-expect-error what the issuer says is checked before it is believed
  verification(active, 0)
  // @ts-expect-error only the reader of answers, which asks for `active: true`, makes an active answer
  checkedAnswer({ claims: { active: true }, bytes: 15 }, issuer, 0)
  // @ts-expect-error a parsed token is no answer
  checkedAnswer(parsed, issuer, 0)
  // @ts-expect-error nothing but `checkedAnswer` makes a checked answer
  verification({ header: undefined, claims: active.claims, issuer, key: undefined, times: checked.times }, 0)
  // @ts-expect-error a copy with other claims is no checked answer
  verification({ ...checked, claims: {} }, 0)
  // @ts-expect-error a source of opaque tokens cannot skip the checks
  const source: TokenSource = { verify: () => active, stillHolds: () => true }
  void source
  // @ts-expect-error and neither can it end with the checks: `verification` looks at the time once more
  const early: TokenSource = { verify: () => checked, stillHolds: () => true }
  void early
}

export function loggedOut(): void {
  // @ts-expect-error a logout token is no access token
  verification(logout, 0)
  // @ts-expect-error neither before nor after the checks
  const token: VerifiedToken = logout
  void token
  // @ts-expect-error and an access token logs nobody out
  const other: LogoutToken = signed
  void other
}

export function changed(): void {
  // @ts-expect-error a copy with other claims is no signed token
  verification({ ...signed, claims: {} }, 0)
  // @ts-expect-error a copy with other claims is no verified token
  const copy: VerifiedToken = { ...verified, claims: {} }
  void copy
}

export function made(): void {
  // @ts-expect-error the classes are types outside of their files
  new VerifiedToken(signed)
  // @ts-expect-error and so is the caller's
  new VerifiedAuth(verified, presented, {}, undefined, {})
  const auth = { scheme: 'Bearer', token: '', claims: {}, issuer: '', expiresAt: new Date() } as const
  // @ts-expect-error an object that looks like a caller is none
  const caller: VerifiedAuth<unknown> = { ...auth, scopes: new Set<string>(), roles: new Set<string>() }
  void caller
  // @ts-expect-error a verified token is no caller before the checks of the request
  const early: VerifiedAuth<unknown> = verified
  void early
}

export function unconfirmed(): void {
  // @ts-expect-error a source cannot make a caller: only `acceptance` does, which asks who sent the token
  const source: TokenSource = { verify: () => auth, stillHolds: () => true }
  void source
  const sources: TokenSource = { verify: () => verified, stillHolds: () => true }
  // @ts-expect-error and what a source makes is no caller: it has to pass the check of `cnf` first
  const caller: VerifiedAuth<unknown> = sources.verify('token', 0) as Awaited<
    ReturnType<typeof sources.verify>
  >
  void caller
  // @ts-expect-error the sender is not checked without what was presented
  acceptance({ sender, revocation: notRevocable, claims: asSigned }, clock).accept(verified)
  // @ts-expect-error a check that may say no by returning false is none: it throws
  acceptance({ sender: () => false, revocation: notRevocable, claims: asSigned }, clock)
  // @ts-expect-error `confirmation` makes the check of methods, each of which names its member of `cnf`
  confirmation([{ confirm: () => undefined }])
}

export function leftOut(): void {
  // @ts-expect-error the sender is checked
  acceptance({ revocation: notRevocable, claims: asSigned }, clock)
  // @ts-expect-error revocation is checked
  acceptance({ sender, claims: asSigned }, clock)
  // @ts-expect-error the application's claims are checked
  acceptance({ sender, revocation: notRevocable }, clock)
  // @ts-expect-error "off" is a function that says so
  acceptance({ sender, revocation: undefined, claims: asSigned }, clock)
}
