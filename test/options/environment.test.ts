import { describe, expect, it, vi } from 'vitest'
import { environmentOptions } from '../../src/options/environment.ts'

/** The options, where the global `process` is this; nothing else runs meanwhile, as the test runner needs the real one. */
function optionsWith(process: unknown): ReturnType<typeof environmentOptions> {
  vi.stubGlobal('process', process)
  try {
    return environmentOptions()
  } finally {
    vi.unstubAllGlobals()
  }
}

describe('the environment', () => {
  it('has what the variables have, without white space around it', () => {
    const env = { OAUTH_ISSUER: ' a\n', OAUTH_AUDIENCE: ' b , c,, ', OAUTH_JWKS_URI: '\td' }
    expect(optionsWith({ env })).toEqual({ issuer: 'a', audience: ['b', 'c'], jwksUri: 'd' })
  })

  it.each([
    ['is not set', {}],
    ['is empty', { OAUTH_ISSUER: '', OAUTH_AUDIENCE: ' , ', OAUTH_JWKS_URI: ' ' }],
    ['is no text', { OAUTH_ISSUER: 1, OAUTH_AUDIENCE: ['a'], OAUTH_JWKS_URI: null }],
    [
      'is inherited',
      Object.create({ OAUTH_ISSUER: 'a', OAUTH_AUDIENCE: 'b', OAUTH_JWKS_URI: 'c' }) as object,
    ],
  ])('is empty where a variable %s', (_what, env) => {
    expect(optionsWith({ env })).toEqual({ issuer: undefined, audience: undefined, jwksUri: undefined })
  })

  it('is empty where the process has none', () => {
    expect(optionsWith({})).toEqual({ issuer: undefined, audience: undefined, jwksUri: undefined })
  })

  it('is empty where there is no process', () => {
    expect(optionsWith(undefined)).toEqual({ issuer: undefined, audience: undefined, jwksUri: undefined })
  })
})
