import { vi } from 'vitest'
import { type AdapterInterface, brand, protocol } from '../../src/adapter-interface.ts'
import type { Framework, ResponseState } from '../../src/framework-types.ts'
import type { HttpRequest } from '../../src/types.ts'

/** A request of a framework that exists in tests alone, with the state of its response. */
export interface FakeRequest extends HttpRequest {
  readonly response?: ResponseState | undefined
}

type Done = string | Promise<string>
export type FakeFramework = Framework<FakeRequest, string, string, Done>

/** A framework that returns in words what it was told to do. Its hooks get `'b'` and `'c'` next to the request. */
export function fakeFramework(change: Partial<FakeFramework> = {}): FakeFramework {
  return {
    rawOf: (a) => a,
    requestOf: (a) => a,
    responseOf: (a) => a.response,
    keep: vi.fn(),
    setHeaders: vi.fn(),
    hasNext: () => true,
    next: (_a, b, c) => `next ${b} ${c}`,
    refuse: ({ status }, _a, b, c) => `sent ${status} ${b} ${c}`,
    fail: (error, _a, b, c) => `failed: ${String(error)} ${b} ${c}`,
    leave: (error) => `left: ${String(error)}`,
    awaits: true,
    ...change,
  }
}

/** A resource server as adapters see it: it allows `{ token: 't' }`, and answers every error with a 401. */
export function fakeServer(change: Partial<AdapterInterface> = {}) {
  const face = {
    protocol,
    readsBody: false,
    authenticate: vi.fn(() => auth),
    authorize: vi.fn(() => undefined),
    ask: vi.fn(() => undefined),
    refused: vi.fn(),
    headersFor: vi.fn(() => undefined),
    answer: vi.fn(() => ({ status: 401, headers: {}, body: '' })),
    forErrorPath: vi.fn((error: Error) => error),
    logout: vi.fn(),
    publish: vi.fn(),
    published: undefined,
    trace: vi.fn(),
    ...change,
  } as unknown as AdapterInterface<unknown>
  return { face, api: { [brand]: face } }
}

class Caller {
  readonly token: string
  constructor(token: string) {
    this.token = token
  }
}

/** A caller with a token, of one class with {@link auth}. */
export function callerWith(token: string): never {
  return new Caller(token) as never
}

/** The caller that {@link fakeServer} finds. */
export const auth = callerWith('t')
