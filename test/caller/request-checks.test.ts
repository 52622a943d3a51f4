import { InvalidProofError, InvalidTokenError } from 'oauth-resource-server'
import { describe, expect, it } from 'vitest'
import { type RequestChecks, withTrace } from '../../src/caller/request-checks.ts'
import type { Presented } from '../../src/http/finder.ts'
import type { VerifiedToken } from '../../src/token/verified-token.ts'

const token = {} as unknown as VerifiedToken
const presented = {} as Presented

/** Checks that are all passed, with some replaced, and the steps of their trace. */
function world(checks: Partial<RequestChecks<unknown>> = {}) {
  const steps: unknown[] = []
  const all = { sender: () => undefined, revocation: () => undefined, claims: () => 'claims', ...checks }
  return { steps, ...withTrace<unknown>(all, (step) => void steps.push(step)) }
}
const refuse = (): never => {
  throw new InvalidTokenError('binding', { detail: { claim: 'cnf' } })
}

describe('a trace', () => {
  it('has each check that is passed, which gets what it got before', async () => {
    const given: unknown[] = []
    const traced = world({
      sender: (...all) => void given.push(all),
      revocation: (...all) => void given.push(all),
      claims: (...all) => (given.push(all), 'claims'),
    })
    expect(await traced.sender(token, presented)).toBeUndefined()
    await traced.revocation(token, presented)
    expect(await traced.claims(token)).toBe('claims')
    expect(given).toEqual([[token, presented], [token, presented], [token]])
    expect(traced.steps).toEqual([
      { name: 'sender', ok: true },
      { name: 'revocation', ok: true },
      { name: 'schema', ok: true },
    ])
  })

  it.each(['sender', 'revocation', 'claims'] as const)('has the check that refuses: %s', (name) => {
    const traced = world({ [name]: refuse })
    expect(() => traced[name](token, presented)).toThrow(InvalidTokenError)
    expect(traced.steps).toEqual([{ claim: 'cnf', name: name === 'claims' ? 'schema' : name, ok: false }])
  })

  it('has what runs last when it runs, and keeps the headers', async () => {
    let ran = 0
    const traced = world({
      sender: async () => Promise.resolve({ headers: { A: '1' }, lastly: () => void (ran += 1) }),
    })
    const confirmed = await traced.sender(token, presented)
    expect([confirmed?.headers, ran]).toEqual([{ A: '1' }, 0])
    await confirmed?.lastly?.()
    expect(ran).toBe(1)
    expect(traced.steps.at(-1)).toEqual({ name: 'replay', ok: true })
  })

  it('has that what runs last refuses', async () => {
    const traced = world({
      sender: () => ({ lastly: () => Promise.reject(new InvalidProofError('replayed')) }),
    })
    const confirmed = await traced.sender(token, presented)
    await expect(confirmed?.lastly?.()).rejects.toThrow(InvalidProofError)
    expect(traced.steps.at(-1)).toEqual({ name: 'replay', ok: false })
  })

  it('has nothing of what does not run', async () => {
    const traced = world({ sender: () => ({ headers: { A: '1' } }) })
    expect(await traced.sender(token, presented)).toEqual({ headers: { A: '1' } })
    expect(traced.steps).toHaveLength(1)
  })
})
