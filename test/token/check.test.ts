import { InvalidTokenError } from 'oauth-resource-server'
import { describe, expect, it } from 'vitest'
import { type Check, runChecks, traced, tracedNow, type TraceStep } from '../../src/token/check.ts'

const limit = (name: string, most: number): Check<number> => ({
  name,
  reason: 'claim',
  passes: (value) => value <= most,
  facts: (value) => ({ claim: name, expected: most, actual: value, hint: `at most ${most}` }),
})
const checks = [limit('wide', 20), limit('narrow', 10)]

/** Collects the steps of a trace. */
function steps(): { readonly seen: TraceStep[]; readonly trace: (step: TraceStep) => void } {
  const seen: TraceStep[] = []
  return { seen, trace: (step) => void seen.push(step) }
}

describe('runChecks', () => {
  it('passes what passes every check', () => {
    expect(() => runChecks(checks, 10)).not.toThrow()
  })

  it.each([
    [11, 'narrow'],
    [21, 'wide'],
  ])('refuses %d with the facts of the first check that fails: %s', (value, claim) => {
    expect(() => runChecks(checks, value)).toThrow(
      expect.objectContaining({ reason: 'claim', detail: expect.objectContaining({ claim }) as object }),
    )
  })

  it('tells each step until one fails: what is asked for, what is there, and a hint for what fails', () => {
    const { seen, trace } = steps()
    expect(() => runChecks([...checks, limit('never asked', 99)], 11, trace)).toThrow(InvalidTokenError)
    expect(seen).toEqual([
      { name: 'wide', ok: true, claim: 'wide', expected: 20, actual: 'number' },
      { name: 'narrow', ok: false, claim: 'narrow', expected: 10, actual: 'number', hint: 'at most 10' },
    ])
  })
})

const refusal = new InvalidTokenError('claim', { detail: { claim: 'sub', expected: 'a string' } })
const failed = { name: 'step', ok: false, claim: 'sub', expected: 'a string' }
const refuse = (): never => {
  throw refusal
}

describe.each([
  ['traced', traced],
  ['tracedNow', tracedNow],
])('%s', (_name, run) => {
  it('returns what the step returns, and tells that it passed', () => {
    const { seen, trace } = steps()
    expect(run('step', trace, () => 7)).toBe(7)
    expect(seen).toEqual([{ name: 'step', ok: true }])
  })

  it('throws what the step throws, and tells its facts', () => {
    const { seen, trace } = steps()
    expect(() => run('step', trace, refuse)).toThrow(refusal)
    expect(seen).toEqual([failed])
  })

  it('runs the step alone where there is no trace', () => {
    expect(run('step', undefined, () => 7)).toBe(7)
    expect(() => run('step', undefined, refuse)).toThrow(refusal)
  })
})

describe('traced, for a step that waits', () => {
  it('tells nothing before the step is done', async () => {
    const { seen, trace } = steps()
    const result = traced('step', trace, () => Promise.resolve(7))
    expect(seen).toEqual([])
    expect(await result).toBe(7)
    expect(seen).toEqual([{ name: 'step', ok: true }])
  })

  it('tells what it was rejected with', async () => {
    const { seen, trace } = steps()
    await expect(traced('step', trace, () => Promise.reject(refusal))).rejects.toBe(refusal)
    expect(seen).toEqual([failed])
  })

  it('tells nothing of an error that is no refusal', async () => {
    const { seen, trace } = steps()
    const bug = Object.assign(new Error('bug'), { detail: { claim: 'secret' } })
    await expect(traced('step', trace, () => Promise.reject(bug))).rejects.toBe(bug)
    expect(seen).toEqual([{ name: 'step', ok: false }])
  })
})
