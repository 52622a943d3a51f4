import { describe, expect, it } from 'vitest'
import { compareAlgorithms } from '../../examples/playground/algorithms.ts'
import { hasToken } from '../../examples/playground/whole-tokens.ts'

const { facts, asItShouldBe, summary } = await compareAlgorithms()
const [rsa, hmac] = facts

describe('RS256 beside HS256', () => {
  it('comes out as it should be', () => {
    expect(asItShouldBe).toBe(true)
    expect(facts.map(({ algorithm }) => algorithm)).toEqual(['RS256', 'HS256'])
  })

  it('shows that only the authorization server can forge with RS256', () => {
    expect(rsa?.couldForge).toEqual(['The authorization server'])
    expect(rsa?.tried).toMatch(/authorization server: yes.*refused that token \(algorithm\)/)
    expect(rsa?.tried).not.toContain('nothing failed')
  })

  it('shows that every API can forge with HS256', () => {
    expect(hmac?.couldForge).toEqual(expect.arrayContaining(['Express', 'Fastify', 'Koa']))
    expect(hmac?.tried).toContain('Koa took it: admin')
    expect(hmac?.tried).toMatch(/in 6 tries .*must have at least 32 bytes/)
  })

  it('has no whole token, and no secret', () => {
    expect(hasToken(JSON.stringify({ facts, summary }))).toBe(false)
  })
})
