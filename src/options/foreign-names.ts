/** What to do instead of an option that another library has. */
const fixes: Readonly<Record<string, string>> = {
  // express-oauth2-jwt-bearer
  issuerBaseURL: 'use issuer, exactly as iss in the tokens, final slash included',
  tokenSigningAlg: "use algorithms, a list, for example ['RS256']",
  authRequired: 'use optional: true instead of authRequired: false',
  validators: 'use requiredClaims, clients or schema, or requireClaim() on routes',
  strict: "use profile: 'rfc9068'",
  mcd: 'use issuers',
  agent: 'use fetch, a function that sends requests your way',
  cooldownDuration: 'leave it out: fetches for unknown keys are limited',
  timeoutDuration: 'use keyCache: { timeoutMs }, in milliseconds',
  cacheMaxAge: 'use keyCache: { freshFor }, in seconds',
  // jwks-rsa
  cache: 'leave it out: keys are cached; keyCache has the numbers',
  cacheMaxEntries: 'use keyCache: { maxKeys }',
  cacheMaxAgeFallback: 'use keyCache: { staleFor }, in seconds',
  onStaleCacheFallback: 'use the diagnostics channel channelNames.staleServed',
  rateLimit: 'leave it out: fetches for unknown keys are limited',
  jwksRequestsPerMinute: 'leave it out: fetches for unknown keys are limited',
  requestHeaders: 'use fetch, a function that sets the headers',
  requestAgent: 'use fetch, a function that sends requests your way',
  proxy: 'use fetch, a function that sends requests through the proxy',
  fetcher: 'use fetch',
  timeout: 'use keyCache: { timeoutMs }, in milliseconds',
  getKeysInterceptor: 'use jwks',
  handleSigningKeyError: "use onError: 'throw' and the error handler of your framework",
  // express-jwt, which passes options to jsonwebtoken
  credentialsRequired: 'use optional: true instead of credentialsRequired: false',
  getToken: 'use tokenFrom',
  requestProperty: 'leave it out: getAuth() returns the caller',
  isRevoked: 'use revocation',
  onExpired: "use onError: 'throw' and an error handler that looks at error.reason",
  ignoreExpiration: 'leave it out: a token always has to be valid now; tests set now',
  ignoreNotBefore: 'leave it out: a token always has to be valid now; tests set now',
  clockTimestamp: 'use now, a function that returns milliseconds',
  maxAge: 'use maxTokenAge, in seconds',
  subject: "use requireClaim('sub', ...) on routes",
  jwtid: "use requireClaim('jti', ...) on routes",
  complete: 'leave it out: getAuth() returns header and claims',
  allowInvalidAsymmetricKeyTypes: 'leave it out: a key always has to fit its algorithm',
  // koa-jwt
  passthrough: 'use optional: true; a bad token is refused all the same',
  key: 'leave it out: getAuth() returns the caller',
  tokenKey: 'leave it out: getAuth() returns the caller, whose token is auth.token',
  cookie: 'use tokenFrom: fromCookie(name, { csrf: {} })',
  debug: 'leave it out: NODE_DEBUG=oauth-resource-server prints every refusal',
  // @fastify/jwt
  decode: 'leave it out: tokens are never read without verification',
  sign: 'leave it out: only an authorization server signs tokens',
  verify: 'set issuer, audience and algorithms themselves',
  messages: 'use errorFormat',
  trusted: 'use revocation, or authorize() with a predicate on routes',
  formatUser: 'use schema, or getAuth() in handlers',
  namespace: 'leave it out: getAuth(request, api) tells resource servers apart',
  decoratorName: 'leave it out: getAuth() returns the caller',
  jwtVerify: 'leave it out: verifyJwt verifies each request',
  jwtDecode: 'leave it out: getAuth() returns the claims',
  jwtSign: 'leave it out: only an authorization server signs tokens',
  allowedAud: 'use audience',
  allowedIss: 'use issuer, or issuers for more than one',
  allowedSub: "use requireClaim('sub', ...) on routes",
  extractToken: 'use tokenFrom',
  onlyCookie: 'use tokenFrom: fromCookie(name, { csrf: {} })',
  cacheTTL: 'use tokenCache: { maxAge }, in seconds',
  // passport-jwt
  secretOrKey: 'use secret, or publicKey',
  secretOrKeyProvider: 'use issuer, or jwksUri: the keys are fetched',
  jwtFromRequest: 'use tokenFrom',
  passReqToCallback: 'leave it out: predicates of authorize() get the request',
  jsonWebTokenOptions: 'set issuer, audience, algorithms and clockTolerance themselves',
  // aws-jwt-verify
  userPoolId: "use issuer: 'https://cognito-idp.REGION.amazonaws.com/USER_POOL_ID'",
  clientId: 'use clients, a list; together with audience: null where tokens have no aud',
  tokenUse: 'leave it out: only access tokens are accepted',
  groups: "use roles: 'cognito:groups', and requireRole() on routes",
  scope: 'use requireScope() on routes; the option scopes names the claim they are in',
  graceSeconds: 'use clockTolerance, in seconds',
  customJwtCheck: 'use schema, or authorize() with a predicate on routes',
  includeRawJwtInErrors: 'leave it out: errors never have the token',
  jwksCache: 'use keyCache',
  // what people try
  api: 'use the resource server itself, as in verifyJwt(api); only app.register() of Fastify takes { api }',
  options: 'use the options themselves; those of a test issuer are issuer.options',
  domain: 'use issuer, exactly as iss in the tokens, final slash included',
  requiredScopes: 'use requireScope() on routes',
  clockSkew: 'use clockTolerance, in seconds',
}

/** Names of the options in {@link foreignFix}. */
export const foreignNames: readonly string[] = /* @__PURE__ */ Object.keys(fixes)

/** Options of a resource server that its issuers share. */
const shared: readonly string[] = [
  ...['allowInsecureHosts', 'schema', 'tokenFrom', 'optional', 'realm', 'resource', 'dpop', 'mtls'],
  ...['challengeScopes', 'maxTokenLength', 'hookTimeoutMs', 'onError', 'errorFormat', 'onRefused'],
  ...['keyCache', 'tokenCache', 'revocation', 'decryption', 'snapshot', 'fetch', 'now'],
]

/**
 * What to do instead of an option that is unknown here: one of an issuer's, inside `issuers`, or one of
 * express-oauth2-jwt-bearer, express-jwt, koa-jwt and others of their kind.
 */
export function foreignFix(name: string): string | undefined {
  if (shared.includes(name)) return 'set it beside issuers: all of them share it'
  return Object.hasOwn(fixes, name) ? fixes[name] : undefined
}
