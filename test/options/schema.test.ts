import { expect, it } from 'vitest'
import { schemaOf } from '../../src/options/schema.ts'

it('a schema is a Standard Schema', () => {
  const schema = { '~standard': { version: 1, vendor: 'test', validate: () => ({ value: 1 }) } }
  expect(schemaOf(schema)).toBe(schema)
  expect(schemaOf(undefined)).toBeUndefined()
})

it.each([null, 'x', {}, { '~standard': null }, { '~standard': { validate: true } }])(
  'a schema is not %o',
  (value) => {
    expect(() => schemaOf(value)).toThrow(
      new TypeError('schema: must be a Standard Schema, for example of zod, valibot or arktype'),
    )
  },
)
