import { expect, it } from 'vitest'
import * as limits from '../../src/issuer/limits.ts'

it.each(Object.entries(limits))('%s is set, in each of its parts', (_name, limit) => {
  const numbers = typeof limit === 'number' ? [limit] : (Object.values(limit) as unknown[])
  expect(numbers.length).toBeGreaterThan(0)
  for (const number of numbers) expect(number).toBeGreaterThan(0)
})
