import { createResourceServer } from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { expect, it } from 'vitest'
import { resource } from '../support/dpop.ts'

const issuer = await createTestIssuer()

it('the challenge names the scheme that was used, whether or not a hook was told of the refusal', async () => {
  const headers = { authorization: `DPoP ${await issuer.sign({ aud: 'other' })}` }
  const challengeOf = async (options: object): Promise<string | undefined> => {
    const api = createResourceServer({ ...issuer.options, resource, dpop: {}, ...options })
    const refused = api.authenticate({ method: 'GET', url: '/', headers }).catch((error: unknown) => error)
    return api.refuse(await refused).headers['WWW-Authenticate']
  }
  const expected = await challengeOf({})
  expect(expected).toMatch(/^DPoP .*error="invalid_token".*, Bearer /)
  expect(await challengeOf({ onRefused: () => undefined })).toBe(expected)
  expect(await challengeOf({ onRefused: (error: Error) => Object.freeze(error) })).toBe(expected)
})
