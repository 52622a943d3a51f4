export type { AlgorithmName } from './algorithms.ts'
export type { ClaimPath, ClaimsObject } from './lib/claim-path.ts'
export { allOf, anyOf, not } from './guards/combined.ts'
export { channelNames } from './lib/diagnostics.ts'
export type { ErrorBody, ErrorFormat, ErrorFormatter, FormattedError } from './error-format.ts'
export {
  AuthError,
  ForbiddenError,
  InsufficientScopeError,
  InsufficientUserAuthenticationError,
  InvalidRequestError,
  InvalidProofError,
  InvalidTokenError,
  isAuthError,
  type LoginRequirements,
  MissingTokenError,
  type Reason,
  type TokenFailure,
  UpstreamError,
} from './errors.ts'
export { explain } from './explain.ts'
export { type CookieOptions, fromCookie } from './http/cookie.ts'
export { firstOf, fromBody, fromHeader, fromQuery } from './http/credentials.ts'
export {
  authorizationDetails,
  type AuthorizationDetail,
  type DetailPredicate,
} from './guards/authorization-details.ts'
export { claim, type ClaimValue, type ExpectedClaim } from './guards/claim.ts'
export type { NameArguments } from './guards/names.ts'
export { recentLogin, type RecentLoginOptions } from './guards/recent-login.ts'
export { anyRole, role } from './guards/role.ts'
export { anyScope, scope } from './guards/scope.ts'
export { type RemoteTools, replayStoreOn, revocationListOn } from './caller/on-store.ts'
export { replayStore, type ReplayStoreOptions } from './caller/replay.ts'
export type { RevocationIndex } from './caller/revocation-index.ts'
export { revocationList, type RevocationStore, type StoreTools } from './caller/revocation-list.ts'
export type { ClientAuthMethod, IntrospectionOptions } from './options/introspection.ts'
export type { IntrospectionHealth } from './issuer/introspection-events.ts'
export type { ContentAlgorithm, KeyAlgorithm } from './jose/jwe-algorithms.ts'
export type { DecryptionOptions } from './options/decryption.ts'
export type { KeyCacheOptions } from './options/key-cache.ts'
export type { IssuerHealth } from './issuer/issuer-health.ts'
export type { KeyCounters, KeyHealth } from './issuer/key-source.ts'
export type {
  OnUnavailable,
  RevocationHook,
  RevocationListOptions,
  RevocationOption,
} from './options/revocation.ts'
export type { ProtectedResourceMetadataOptions } from './options/metadata.ts'
export type { BackChannelLogoutOptions, LogoutTarget } from './options/logout.ts'
export type { Names } from './options/rules.ts'
export type {
  CommonOptions,
  EnvironmentIssuerOptions,
  IssuerOptions,
  IssuerResolver,
  ManyIssuersOptions,
  ResourceServerOptions,
  SingleIssuerForClientsOptions,
  SingleIssuerOptions,
} from './options/types.ts'
export type { FetchedResponse, FetchFunction, FetchRequestInit } from './options/functions.ts'
export type { DpopNonceOptions, DpopOptions } from './options/dpop.ts'
export {
  type CertificateFormat,
  type CertificateFunction,
  type CertificateHeader,
  clientCertificate,
  type MtlsOptions,
} from './options/mtls.ts'
export type { SenderOptions } from './options/sender-options.ts'
export type { TokenOptions } from './options/token-options.ts'
export type { KeyObjectLike, KeyOptions } from './options/key-options.ts'
export { asResourceServer, createResourceServer } from './resource-server.ts'
export type { Health, ResourceServer, ResourceServerLike } from './resource-server-types.ts'
export { hooksFor } from './framework.ts'
export type {
  Framework,
  GetAuth,
  GetOptionalAuth,
  Hook,
  Hooks,
  LogoutArguments,
  MetadataArguments,
  MetadataHook,
  ResponseState,
} from './framework-types.ts'
export type { RouteGuards } from './guards/route-guards.ts'
export type { KeySnapshot, Snapshot } from './options/snapshot.ts'
export type {
  EntryKind,
  Moment,
  ReplayStore,
  RevocableToken,
  Revocation,
  RevocationEntry,
  RevocationList,
} from './stores.ts'
export type { TokenCacheOptions } from './options/token-cache.ts'
export type { StandardResult, StandardSchema } from './lib/standard-schema.ts'
export type {
  Anonymous,
  Auth,
  Caller,
  Claims,
  ClaimsWith,
  Credentials,
  Extractor,
  FoundToken,
  Guard,
  HttpHeaders,
  HttpRequest,
  HttpResponse,
  Jwk,
  JwkSet,
  JwtHeader,
  MaybePromise,
  TokenRequest,
} from './types.ts'
