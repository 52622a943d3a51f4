export { type AuthInfo, authInfo } from './auth-info.ts'
export { type BoundSession, boundSession, type BoundSessionOptions } from './bound-session.ts'
export { toolScopes, type ToolScopes } from './tool-scopes.ts'
