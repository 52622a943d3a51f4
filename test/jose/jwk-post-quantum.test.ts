import type { Jwk } from 'oauth-resource-server'
import { describe, expect, it, vi } from 'vitest'
import { importKey, judgeKey, type JudgedKey } from '../../src/jose/jwk.ts'

// The keys of a machine that can check ML-DSA, whatever this one can.
vi.mock('#platform', async () => ({
  ...(await import('../../src/platform/node.ts')),
  supports: () => true,
  importPublicKey: (jwk: Jwk) => jwk,
}))

const jwk = { kty: 'AKP', alg: 'ML-DSA-44', pub: 'cHVi', kid: 'pq', priv: undefined, x5c: ['x'] }
const { priv: _priv, ...key } = jwk
const allowed = ['ML-DSA-44', 'ML-DSA-65', 'ES256'] as const

describe('a key of type AKP (RFC 9964)', () => {
  it('serves the algorithm it names, and is imported with nothing but its material', async () => {
    const judged = judgeKey(key, allowed) as JudgedKey
    expect(judged).toMatchObject({ kid: 'pq', algorithms: ['ML-DSA-44'] })
    const imported = await importKey(judged)
    expect(imported).toMatchObject({ key: { kty: 'AKP', alg: 'ML-DSA-44', pub: 'cHVi' } })
    expect(imported).not.toHaveProperty('key.x5c')
  })

  it.each([
    ['without alg', { alg: undefined }, 'alg'],
    ['for another type', { alg: 'ES256' }, 'alg'],
    ['for an algorithm that is not allowed', { alg: 'ML-DSA-87' }, 'alg'],
    ['with its private part', { priv: 'x' }, 'private or symmetric'],
  ])('is refused %s', (_what, change, refusal) => {
    expect(judgeKey({ ...key, ...change }, allowed)).toBe(refusal)
  })
})
