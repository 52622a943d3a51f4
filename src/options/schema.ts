import type { StandardSchema } from '../lib/standard-schema.ts'

/** Checks the option `schema`. @throws {TypeError} */
export function schemaOf<C>(value: unknown): StandardSchema<unknown, C> | undefined {
  if (value === undefined) return undefined
  const standard = (value as Partial<StandardSchema<unknown, C>> | null)?.['~standard']
  if (typeof standard?.validate !== 'function') {
    throw new TypeError('schema: must be a Standard Schema, for example of zod, valibot or arktype')
  }
  return value as StandardSchema<unknown, C>
}
