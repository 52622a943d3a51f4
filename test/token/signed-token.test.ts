import { UpstreamError } from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it, vi } from 'vitest'
import type { VerificationKey } from '../../src/jose/jwk.ts'
import { importKeySet } from '../../src/jose/key-set.ts'
import type { TraceStep } from '../../src/token/check.ts'
import { signedToken } from '../../src/token/signed-token.ts'
import { key, keysWith, plausible, trusted } from './stages.ts'
import { issuer } from './verdict.ts'

const token = await issuer.sign()
const other = await createTestIssuer()
const wrongKey = (await importKeySet(other.jwks, ['ES256'], 10)).keys[0] as VerificationKey

describe('the signature', () => {
  it('is verified at once where the key is there', () => {
    const from = trusted()
    const signed = signedToken(plausible(token, from))
    expect(signed).not.toBeInstanceOf(Promise)
    expect(signed).toMatchObject({ key, issuer: from, claims: { sub: 'user-1' }, header: { alg: 'ES256' } })
  })

  it('waits for a key that has to be fetched', async () => {
    const keys = keysWith({ find: () => Promise.resolve(key) })
    const signed = signedToken(plausible(token, trusted(keys)))
    expect(signed).toBeInstanceOf(Promise)
    expect((await signed).key).toBe(key)
  })

  it('under another key is refused, once the source knows no other', () => {
    const afterBadSignature = vi.fn(() => undefined)
    const it = plausible(token, trusted(keysWith({ find: () => wrongKey, afterBadSignature })))
    expect(() => signedToken(it)).toThrow(
      expect.objectContaining({
        status: 401,
        reason: 'signature',
        detail: {
          claim: 'kid',
          actual: it.parsed.header.kid,
          hint: expect.stringMatching(/^the key with this kid did not make it/) as string,
        },
      }),
    )
    expect(afterBadSignature).toHaveBeenCalledExactlyOnceWith(it.parsed.header, wrongKey)
  })

  it('is verified with the next key the source knows', async () => {
    const afterBadSignature = vi.fn<() => Promise<VerificationKey>>(() => Promise.resolve(key))
    const keys = keysWith({ find: () => wrongKey, afterBadSignature })
    expect((await signedToken(plausible(token, trusted(keys)))).key).toBe(key)
    expect(afterBadSignature).toHaveBeenCalledOnce()
  })

  it('is never looked at where the key is not available', () => {
    const down = new UpstreamError(1)
    const afterBadSignature = vi.fn(() => undefined)
    const find = (): never => {
      throw down
    }
    const it = plausible(token, trusted(keysWith({ find, afterBadSignature })))
    expect(() => signedToken(it)).toThrow(down)
    expect(afterBadSignature).not.toHaveBeenCalled()
  })

  it('has two steps in a trace', () => {
    const steps: TraceStep[] = []
    void signedToken(plausible(token, trusted()), (step) => void steps.push(step))
    expect(steps).toEqual([
      { name: 'key', ok: true },
      { name: 'signature', ok: true },
    ])
  })

  it('that is wrong fails the second step alone', () => {
    const steps: TraceStep[] = []
    const it = plausible(token, trusted(keysWith({ find: () => wrongKey })))
    expect(() => signedToken(it, (step) => void steps.push(step))).toThrow()
    expect(steps.map(({ name, ok }) => [name, ok])).toEqual([
      ['key', true],
      ['signature', false],
    ])
  })
})
