import { describe, expect, it } from 'vitest'
import { nearest } from '../../src/options/nearest.ts'

const known = ['issuer', 'audience', 'jwksUri', 'now', 'clockTolerance']

describe('the known name that is meant', () => {
  it.each([
    ['audiance', 'audience'],
    ['audienc', 'audience'],
    ['audiences', 'audience'],
    ['audineces', undefined],
    ['jwksuri', 'jwksUri'],
    ['JWKSURI', 'jwksUri'],
    ['issuerBaseURL', 'issuer'],
    ['clock', 'clockTolerance'],
    ['cloc', 'clockTolerance'],
    ['clo', undefined],
    ['nov', 'now'],
    ['no', undefined],
    ['xyz', undefined],
  ])('by %s is %s', (name, meant) => {
    expect(nearest(name, known)).toBe(meant)
  })

  it('is the one that fewest letters make of it', () => {
    expect(nearest('rolas', ['rules', 'roles'])).toBe('roles')
  })

  it('is none where none is known', () => {
    expect(nearest('audience', [])).toBeUndefined()
  })
})
