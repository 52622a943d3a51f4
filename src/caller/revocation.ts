import type { RequestChecks } from './accept.ts'

/** The check of revocation where none is set up: a token is valid until it expires. */
export const notRevocable: RequestChecks<unknown>['revocation'] = () => undefined
