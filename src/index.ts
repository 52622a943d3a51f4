export type { AlgorithmName } from './algorithms.ts'
export type { ClaimPath, ClaimsObject } from './claims.ts'
export { allOf, anyOf, not } from './combined-guards.ts'
export { channelNames } from './diagnostics.ts'
export {
  AuthError,
  ForbiddenError,
  InsufficientScopeError,
  InvalidRequestError,
  InvalidTokenError,
  isAuthError,
  MissingTokenError,
  type Reason,
  type TokenFailure,
  UpstreamError,
} from './errors.ts'
export { firstOf, fromBody, fromHeader, fromQuery } from './extract.ts'
export {
  anyRole,
  anyScope,
  claim,
  type ClaimValue,
  type ExpectedClaim,
  type NameArguments,
  role,
  scope,
} from './guards.ts'
export type { KeyCacheOptions } from './key-cache-settings.ts'
export type { KeyCounters, KeyHealth, KeySnapshot } from './key-source.ts'
export { isPromise } from './maybe-promise.ts'
export type { Names } from './names.ts'
export type {
  CommonOptions,
  EnvironmentIssuerOptions,
  IssuerOptions,
  IssuerResolver,
  KeyOptions,
  ManyIssuersOptions,
  ResourceServerOptions,
  SingleIssuerForClientsOptions,
  SingleIssuerOptions,
  TokenCacheOptions,
  TokenOptions,
} from './options.ts'
export {
  type AdapterInterface,
  asResourceServer,
  createResourceServer,
  type Health,
  type ResourceServer,
} from './resource-server.ts'
export { missingVerifyJwt, type RouteGuards, routeGuards } from './route-guards.ts'
export type { Snapshot } from './snapshot.ts'
export type { StandardResult, StandardSchema } from './standard-schema.ts'
export type {
  Auth,
  Claims,
  Credentials,
  Extractor,
  Guard,
  HttpHeaders,
  HttpRequest,
  HttpResponse,
  Jwk,
  JwkSet,
  JwtHeader,
  MaybePromise,
} from './types.ts'
