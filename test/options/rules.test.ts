import { expect, it } from 'vitest'
import { profileTypes } from '../../src/options/rules.ts'

it('profiles accept the types of access tokens that are written today', () => {
  expect(profileTypes).toEqual({
    rfc9068: ['at+jwt'],
    compatible: ['at+jwt', 'jwt', undefined],
    fapi2: ['at+jwt', 'jwt', undefined],
  })
})
