import { describe, expect, it } from 'vitest'
import { campaign } from './campaign.ts'

describe('ours and jose, over 8,000 mutated tokens', () => {
  // The same cases each time; `npm run fuzz` looks for others.
  it(
    'differ only as documented, and ours accepts only what the issuer signed',
    { timeout: 240_000 },
    async () => {
      const { found, verdicts } = await campaign(20_251, 8000)
      expect(found).toEqual([])
      expect(verdicts.get('accepted, jose: accepted')).toBeGreaterThan(800)
    },
  )
})
