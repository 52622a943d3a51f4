import { expect, it } from 'vitest'
import { InvalidTokenError } from '../../src/errors.ts'
import { issuerOf, ofIssuer } from '../../src/token/of-issuer.ts'

it('notes the issuer of a refusal, a frozen one too, where no serialiser sees it', () => {
  const error = Object.freeze(new InvalidTokenError('expired'))
  const before = Reflect.ownKeys(error)
  expect(issuerOf(error)).toBeUndefined()
  expect(ofIssuer(error, 'https://issuer.test/')).toBe(error)
  expect(issuerOf(error)).toBe('https://issuer.test/')
  expect(Reflect.ownKeys(error)).toEqual(before)
})

it.each([new TypeError('bug'), 'text', undefined, null])('passes on what is no refusal: %s', (thrown) => {
  expect(ofIssuer(thrown, 'https://issuer.test/')).toBe(thrown)
  expect(issuerOf(Object(thrown) as object)).toBeUndefined()
})
