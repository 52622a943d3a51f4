import { describe, expect, it } from 'vitest'
import * as web from '../../src/platform/web.ts'

describe('platform web', () => {
  it.each(['ML-DSA-44', 'ML-DSA-87', 'Ed448'] as const)('does not offer %s', (alg) => {
    expect(web.supports(alg)).toBe(false)
  })

  it('has channels that nobody listens to', () => {
    const channel = web.channel('oauth-resource-server.test')
    expect(channel.hasSubscribers).toBe(false)
    expect(() => channel.publish({ said: 1 })).not.toThrow()
  })

  it('has nowhere to print to', () => {
    expect(web.debug.enabled).toBe(false)
    expect(() => {
      web.debug('line')
      web.warn('look', 'CODE')
    }).not.toThrow()
  })

  it('reads no base64url out of other text', () => {
    expect(web.decodeBase64url('A')).toBeUndefined()
    expect(web.decodeBase64url('é')).toBeUndefined()
  })
})
