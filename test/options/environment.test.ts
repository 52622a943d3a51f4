import { afterEach, describe, expect, it, vi } from 'vitest'
import { environmentOptions } from '../../src/options/environment.ts'

afterEach(() => vi.unstubAllGlobals())

describe('the environment', () => {
  it('is empty where there is no process', () => {
    vi.stubGlobal('process', undefined)
    expect(environmentOptions()).toEqual({ issuer: undefined, audience: undefined, jwksUri: undefined })
  })
})
