import { fakeResourceServer } from 'oauth-resource-server/testing'

// Who sends the requests of a test; null for an anonymous caller.
let caller = null

export function setCaller(auth) {
  caller = auth
}

// With `--conditions=test`, package.json puts this in place of api.js.
export const api = fakeResourceServer(() => caller)
