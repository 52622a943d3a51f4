import { describe, expect, it, vi } from 'vitest'
import { verifySignature } from '#platform'
import * as web from '../../src/platform/web.ts'
import { campaign } from './campaign.ts'

vi.mock('#platform', () => import('../../src/platform/web.ts'))

describe('ours on WebCrypto and jose, over 4000 mutated tokens', () => {
  it(
    'differ only as documented, and ours accepts only what the issuer signed',
    { timeout: 240_000 },
    async () => {
      expect(verifySignature).toBe(web.verifySignature)
      const { found, verdicts } = await campaign(20_252, 4000)
      expect(found).toEqual([])
      expect(verdicts.get('accepted, jose: accepted')).toBeGreaterThan(400)
    },
  )
})
