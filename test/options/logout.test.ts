import { replayStore, type RevocationList, revocationList } from 'oauth-resource-server'
import { expect, it } from 'vitest'
import { type BackChannelLogoutOptions, logoutSettings } from '../../src/options/logout.ts'

const list = revocationList()
const read = (options: unknown, of: unknown = list) =>
  logoutSettings(of as RevocationList, options as BackChannelLogoutOptions)

it('a logout revokes sessions by default', () => {
  expect(read({ clientId: 'web' })).toMatchObject({
    clientId: 'web',
    replay: undefined,
    by: 'session',
    decided: false,
  })
  const replay = replayStore()
  expect(read({ clientId: 'web', replay, by: 'subject' })).toMatchObject({
    replay,
    by: 'subject',
    decided: true,
  })
  expect(read({ clientId: 'web', by: 'session' })).toMatchObject({ by: 'session', decided: true })
})

it.each<[unknown, string]>([
  [
    undefined,
    "backChannelLogout: must be a plain object of options; pass { clientId: 'web-app' }, with the client's id at the issuer",
  ],
  [{}, "backChannelLogout.clientId: pass the client's id at the issuer, the aud of its logout tokens"],
  [{ clientId: '' }, 'backChannelLogout.clientId: must be a string that is not empty'],
  [{ clientId: 'web', replay: null }, 'backChannelLogout.replay: pass replayStore()'],
  [{ clientId: 'web', replay: () => true }, 'backChannelLogout.replay: pass replayStore()'],
  [{ clientId: 'web', replay: { reserve: 1 } }, 'backChannelLogout.replay: pass replayStore()'],
  [{ clientId: 'web', by: 'sid' }, "backChannelLogout.by: must be 'session' or 'subject'"],
  [{ clientId: 'web', replays: 1 }, 'backChannelLogout: unknown option replays (did you mean replay?)'],
])('a logout is not configured by %j', (options, message) => {
  expect(() => read(options)).toThrow(new TypeError(message))
})

it('a logout needs the list', () => {
  expect(() => read({ clientId: 'web' }, {})).toThrow(
    new TypeError('backChannelLogout: pass the list that revocation has, as revocationList() returns it'),
  )
})
