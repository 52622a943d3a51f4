import { describe, expect, it } from 'vitest'
import { resultAtOnce, withResultAtOnce } from '../../src/lib/at-once.ts'

describe('withResultAtOnce', () => {
  it('returns the asynchronous function, and keeps the other one for it alone', async () => {
    const later = withResultAtOnce(
      (text: string) => Promise.resolve(`${text} later`),
      (text: string) => `${text} now`,
    )
    await expect(later('a')).resolves.toBe('a later')
    expect(resultAtOnce(later)?.('a')).toBe('a now')
    expect(resultAtOnce((text: string) => later(text))).toBeUndefined()
  })
})
