import { warn } from '#platform'
import { type Acceptor, acceptance } from './caller/accept.ts'
import type { AuthenticatorOptions } from './caller/authenticate.ts'
import type { LogoutParts } from './caller/logout.ts'
import { confirmation, type ConfirmationMethod } from './caller/confirmation.ts'
import { dpopMethod } from './caller/dpop.ts'
import { mtlsMethod } from './caller/mtls.ts'
import { replayStore } from './caller/replay.ts'
import { revocationCheck } from './caller/revocation.ts'
import { asSigned, withSchema } from './caller/schema.ts'
import { refusedBy, type RefusedHook } from './caller/refused.ts'
import { withUrlHeaders } from './caller/url-token.ts'
import type { AnswerOptions } from './http/challenge.ts'
import { fromHeader } from './http/credentials.ts'
import { bodyWriter } from './http/error-body.ts'
import { withCrossSiteCheck } from './http/cross-site.ts'
import { builtInOf, type Finder, checkOnlyAuthorization, limitedFinder } from './http/finder.ts'
import { bearerMethodsOf } from './http/bearer-methods.ts'
import { metadataUrl } from './http/metadata.ts'
import type { Fetch } from './issuer/fetch-json.ts'
import { warningsBy } from './issuer/fetch-warnings.ts'
import { dynamicIssuers } from './issuer/dynamic-issuers.ts'
import type { Introspection } from './issuer/introspection.ts'
import { fixedIssuers, type Issuers } from './issuer/issuers.ts'
import { type IssuerWithReaders, type NetworkOptions, trustedIssuer } from './issuer/trusted-issuer.ts'
import { type Decrypter, decrypterOf } from './jose/decrypt.ts'
import { resultAtOnce } from './lib/at-once.ts'
import { type Clock, systemClock } from './lib/clock.ts'
import { type Limited, limited } from './lib/limited.ts'
import { andThen } from './lib/maybe-promise.ts'
import type { IssuerSettings } from './options/issuer.ts'
import { type MetadataFacts, metadataFacts } from './options/metadata.ts'
import type { Settings } from './options/settings.ts'
import { sourceOf } from './sources.ts'
import { rolesReader, scopesReader } from './token/scopes-and-roles.ts'
import type { MaybePromise } from './types.ts'

/** Something outside of the process that must be there before requests can be checked. */
export interface Store {
  /** Resolves once it is available. @throws {UpstreamError} */
  readonly ready: () => MaybePromise<void>
  readonly isReady: () => boolean
}

/** The parts a resource server is made of. */
export interface Parts<C> extends AuthenticatorOptions<C>, AnswerOptions, LogoutParts {
  readonly clock: Clock
  readonly issuers: Issuers
  readonly acceptor: Acceptor<C>
  readonly onError: 'respond' | 'throw'
  /** Limits of guards that are asynchronous. */
  readonly limitGuards: Limited
  readonly stores: readonly Store[]
  readonly metadata: MetadataFacts
}

/** Pieces of work of one kind that may be pending at the same time. */
const maxPending = 1000

/** Makes the parts that the settings describe. */
export function assemble<C>(settings: Settings<C>): Parts<C> {
  const clock = systemClock(settings.now)
  for (const { message, code } of settings.warnings) warn(message, code)
  const limit = (name: string, timeoutMs = settings.hookTimeoutMs): Limited =>
    limited(clock, { name, timeoutMs, maxPending })
  const issuers = issuersOf(settings, networkOf(settings, clock))
  const decrypter = settings.decryption && decrypterOf(settings.decryption.keys)
  return {
    clock,
    now: settings.now,
    issuers,
    source: sourceOf(settings, issuers, clock, decrypter),
    acceptor: acceptance(
      {
        sender: withUrlHeaders(confirmation(methodsOf(settings, clock, limit), settings)),
        revocation: revocationCheck(settings.revocation, (timeoutMs) => limit('revocation', timeoutMs)),
        claims: settings.schema === undefined ? asSigned<C> : withSchema<C>(settings.schema, limit('schema')),
      },
      clock,
      settings.resource,
    ),
    find: finderOf(settings, limit('tokenFrom')),
    readsBody: settings.tokenFrom !== undefined && builtInOf(settings.tokenFrom)?.readsBody === true,
    limitGuards: limit('guard'),
    limitStores: limit('backChannelLogout'),
    warn,
    revokes: settings.revocation !== undefined,
    refused: refusedBy(settings.onRefused as RefusedHook | undefined),
    optional: settings.optional,
    realm: settings.realm,
    dpop: settings.dpop && { algorithms: settings.dpop.algorithms, only: settings.dpop.required },
    resourceMetadata: settings.resource === undefined ? undefined : metadataUrl(settings.resource),
    challengeScopes: settings.challengeScopes,
    metadata: metadataFacts(settings, bearerMethodsOf(settings.tokenFrom ?? fromHeader())),
    writeBody: bodyWriter(settings.errorFormat, warn),
    onError: settings.onError,
    stores: [...storesOf(settings), ...asked(issuers), ...keysOf(decrypter)],
  }
}

function finderOf(settings: Settings<unknown>, limit: Limited): Finder {
  const { tokenFrom = fromHeader(), resource, dpop, boundOnly } = settings
  if (boundOnly) checkOnlyAuthorization(tokenFrom)
  const origin = resource === undefined ? undefined : new URL(resource).origin
  return withCrossSiteCheck(tokenFrom, limitedFinder(tokenFrom, limit, dpop !== undefined), origin)
}

/** How the senders of bound tokens are confirmed. */
function methodsOf(
  { dpop, mtls, now }: Settings<unknown>,
  clock: Clock,
  limit: (name: string) => Limited,
): readonly ConfirmationMethod[] {
  const methods: ConfirmationMethod[] = []
  if (dpop !== undefined) {
    const reserve = dpop.reserve ?? reserveInMemory(now)
    methods.push(dpopMethod({ settings: dpop, clock, reserve, limit: limit('dpop.replay') }))
  }
  if (mtls !== undefined) methods.push(mtlsMethod(mtls, limit('mtls.certificate')))
  return methods
}

function reserveInMemory(now: Settings<unknown>['now']): (key: string, expiresAt: number) => unknown {
  const { reserve } = replayStore({ now })
  return resultAtOnce(reserve) ?? reserve
}

/** The list of revoked tokens, unless requests are accepted without it too; it learns which resource server uses it. */
function storesOf({ revocation, issuers, now }: Settings<unknown>): readonly Store[] {
  if (revocation?.from !== 'list') return []
  const { list } = revocation
  const clockTolerance =
    issuers.from === 'function'
      ? issuers.clockTolerance
      : Math.max(...issuers.issuers.map(({ rules }) => rules.clockTolerance))
  list.join({ clockTolerance, now })
  return list.onUnavailable === 'allow' ? [] : [list]
}

/** Keys that cannot be imported are to stop the start of the application. */
function keysOf(decrypter: Decrypter | undefined): readonly Store[] {
  return decrypter === undefined ? [] : [{ ready: decrypter.ready, isReady: () => true }]
}

/** What asks the issuers of the configuration about tokens. */
function asked(issuers: Issuers): readonly Introspection[] {
  return issuers.configured().flatMap(({ introspection = [] }) => introspection)
}

function networkOf(settings: Settings<unknown>, clock: Clock): NetworkOptions {
  const { fetch, keyCache, snapshot, allowInsecureHosts } = settings
  const platformFetch: Fetch = (url, init) => globalThis.fetch(url, init)
  return {
    fetch: (fetch as Fetch | undefined) ?? platformFetch,
    clock,
    random: Math.random,
    settings: keyCache,
    snapshots: snapshot?.issuers ?? {},
    allowInsecureHosts,
    warnings: warningsBy(warn),
  }
}

function issuersOf({ issuers, hookTimeoutMs }: Settings<unknown>, network: NetworkOptions): Issuers {
  if (issuers.from !== 'function') {
    return fixedIssuers(issuers.issuers.map((settings) => trustedIssuer(withReaders(settings), network)))
  }
  const { resolve, settingsOf } = issuers
  return dynamicIssuers({
    ...network,
    resolve: (name) =>
      andThen(resolve(name), (answer) => {
        const settings = settingsOf(name, answer)
        return settings === undefined ? undefined : withReaders(settings)
      }),
    hookTimeoutMs,
  })
}

function withReaders(settings: IssuerSettings): IssuerWithReaders {
  return { ...settings, scopesOf: scopesReader(settings.scopes), rolesOf: rolesReader(settings.roles) }
}
