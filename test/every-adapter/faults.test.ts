import { expect, it } from 'vitest'
import { stacks } from '../support/stacks.ts'
import { tryStack } from './faults.ts'

it.each(Object.keys(stacks))(
  'A1 A2 A6 survives responses that are answered, begun or closed while it waits: %s',
  async (name) => {
    expect(await tryStack(name, 120, 15)).toEqual([])
  },
)
