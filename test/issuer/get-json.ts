import { expect } from 'vitest'
import { type Fetch, FetchError, getJson } from '../../src/issuer/fetch-json.ts'

/** Where the document is. */
export const url = 'https://issuer.test/jwks'

/** Fetches a document of at most 100 bytes from a network with this answer. */
export function get(answer: () => unknown, headers: Record<string, string> = {}): ReturnType<typeof getJson> {
  const fetch = (() => Promise.resolve(answer())) as unknown as Fetch
  return getJson(url, { fetch, headers, maxBytes: 100, signal: new AbortController().signal })
}

/** What {@link get} fails with. */
export async function failure(answer: () => unknown, headers?: Record<string, string>): Promise<FetchError> {
  const error: unknown = await get(answer, headers).catch((caught: unknown) => caught)
  expect(error).toBeInstanceOf(FetchError)
  return error as FetchError
}
