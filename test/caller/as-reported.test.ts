import { createResourceServer, InsufficientScopeError } from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { expect, it } from 'vitest'
import { asReported, recordRefusal } from '../../src/caller/as-reported.ts'
import { schemeOf, withScheme } from '../../src/http/used-scheme.ts'
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

it('a refusal is as it was when it was recorded first, whatever is done to it', () => {
  const error = withScheme(new InsufficientScopeError(['read']), 'DPoP')
  expect(asReported(error)).toBe(error)
  recordRefusal(error)
  Object.assign(error, { scopes: ['admin'], status: 200 })
  recordRefusal(error)
  const reported = asReported(error) as InsufficientScopeError
  expect(reported).toBeInstanceOf(InsufficientScopeError)
  expect(reported).toMatchObject({ status: 403, scopes: ['read'] })
  expect(schemeOf(reported)).toBe('DPoP')
})

it.each([undefined, null, 'error', {}])('%o was not recorded', (value) => {
  expect(asReported(value)).toBe(value)
})
