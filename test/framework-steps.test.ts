import { describe, expect, it, vi } from 'vitest'
import type { ResponseState } from '../src/framework-types.ts'
import { stepsFor } from '../src/framework-steps.ts'
import type { MaybePromise } from '../src/types.ts'
import { type FakeFramework, fakeFramework, type FakeRequest, fakeServer } from './support/framework.ts'

const error = new Error('e')
const request = (response?: ResponseState): FakeRequest => ({ headers: {}, response })
const broken = (): never => {
  throw error
}

describe('a step', () => {
  const settled = (
    start: () => MaybePromise<number>,
    a: FakeRequest = request(),
    framework: FakeFramework = fakeFramework(),
  ) =>
    stepsFor(framework).settle(
      {
        start,
        admit: (value, _a, b, c) => `admitted ${value} ${b} ${c}`,
        refuse: (why, _a, b, c) => `refused: ${String(why)} ${b} ${c}`,
      },
      a,
      'b',
      'c',
    )

  it('uses its result at once, or when its promise settles', async () => {
    expect(settled(() => 1)).toBe('admitted 1 b c')
    expect(settled(broken)).toBe('refused: Error: e b c')
    expect(await settled(() => Promise.resolve(1))).toBe('admitted 1 b c')
    expect(await settled(() => Promise.reject(error))).toBe('refused: Error: e b c')
  })

  it('takes no error of what comes next for its own', async () => {
    const refuse = vi.fn()
    for (const start of [() => 1, () => Promise.resolve(1)]) {
      const run = async (): Promise<unknown> =>
        stepsFor(fakeFramework()).settle({ start, admit: broken, refuse }, request(), 'b', 'c')
      await expect(run()).rejects.toBe(error)
    }
    expect(refuse).not.toHaveBeenCalled()
  })

  it.each([{ writableEnded: true }, { destroyed: true }, { headersSent: true }])(
    'does nothing when the response becomes %j while it waits',
    async (state) => {
      for (const [start, expected] of [
        [() => Promise.resolve(1), 'left: undefined'],
        [() => Promise.reject(error), 'left: Error: e'],
      ] as const) {
        const response: ResponseState = {}
        const done = settled(start, request(response))
        Object.assign(response, state)
        expect(await done).toBe(expected)
      }
    },
  )

  it('goes on where the headers were sent before it began', async () => {
    const sent = request({ headersSent: true })
    expect(await settled(() => Promise.resolve(1), sent)).toBe('admitted 1 b c')
    expect(await settled(() => Promise.resolve(1), request({ writableEnded: false }))).toBe('admitted 1 b c')
  })

  it('goes on where the state of the response cannot be read', async () => {
    const framework = fakeFramework({ responseOf: broken })
    expect(await settled(() => Promise.resolve(1), request(), framework)).toBe('admitted 1 b c')
  })

  it('throws what comes next throws as an uncaught exception, where the framework does not wait', async () => {
    const enqueue = vi.spyOn(globalThis, 'queueMicrotask').mockReturnValue()
    const steps = stepsFor(fakeFramework({ awaits: false, pending: 'pending' }))
    const step = { start: () => Promise.resolve(1), admit: broken, refuse: () => 'refused' }
    expect(steps.settle(step, request(), 'b', 'c')).toBe('pending')
    // Promises alone run meanwhile: whatever else runs in this process needs its own microtasks.
    for (let tick = 0; tick < 5; tick++) await Promise.resolve()
    const { calls } = enqueue.mock
    enqueue.mockRestore()
    expect(calls).toHaveLength(1)
    expect(calls[0]?.[0]).toThrow(error)
  })
})

describe('a refusal', () => {
  const { face } = fakeServer()
  const refused = (
    by: typeof face | undefined,
    a: FakeRequest = request(),
    change: Partial<FakeFramework> = {},
    why: unknown = error,
  ) => stepsFor(fakeFramework(change)).refuse(by, why, a, 'b', 'c', ['read'])

  it('is what the resource server answers', () => {
    const a = request()
    expect(refused(face, a)).toBe('sent 401 b c')
    expect(face.answer).toHaveBeenCalledWith(error, a, ['read'])
    expect(refused(face, a, { responseOf: broken })).toBe('sent 401 b c')
  })

  it.each([{ writableEnded: true }, { destroyed: true }])('is not sent where the response is %j', (state) => {
    expect(refused(face, request(state))).toBe('left: Error: e')
    expect(refused(face, request(state), {}, 'text')).toMatch(/^left: Error/)
  })

  it('goes to the error path where no response can be written', () => {
    const other = fakeServer({
      answer: () => {
        throw new TypeError('no refusal')
      },
    })
    expect(refused(undefined)).toBe('failed: Error: e b c')
    expect(refused(face, request({ headersSent: true }))).toBe('failed: Error: e b c')
    expect(refused(face, request({ headersSent: false }))).toBe('sent 401 b c')
    expect(refused(other.face)).toBe('failed: TypeError: no refusal b c')
    expect(refused(face, request(), { refuse: broken }, new Error('first'))).toBe('failed: Error: e b c')
  })

  it('goes there as an error, whatever was thrown', () => {
    const fail = vi.fn()
    for (const thrown of [undefined, null, 'route', 7]) {
      void refused(undefined, request(), { fail }, thrown)
      void stepsFor(fakeFramework({ fail })).fail(thrown, request(), 'b', 'c')
    }
    expect(fail.mock.calls.map(([it]) => it instanceof Error)).toEqual(Array(8).fill(true))
  })
})

describe('metadata', () => {
  const found = { status: 200, headers: {}, body: '{}' }
  const served = (respond: () => typeof found | undefined, a = request(), change = {}) =>
    stepsFor(fakeFramework(change)).serving(respond, (_a, b, c) => `otherwise ${b} ${c}`)(a, 'b', 'c')

  it('is sent, and every other request goes on', () => {
    expect(served(() => found)).toBe('sent 200 b c')
    expect(served(() => undefined)).toBe('otherwise b c')
  })

  it('is not sent where the response is over', () => {
    expect(served(() => found, request({ writableEnded: true }))).toBe('left: undefined')
  })

  it('that fails goes to the error path', () => {
    expect(served(() => found, request(), { refuse: broken })).toBe('failed: Error: e b c')
    expect(served(broken)).toBe('failed: Error: e b c')
  })
})
