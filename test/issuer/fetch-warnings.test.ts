import { describe, expect, it, vi } from 'vitest'
import { FetchError } from '../../src/issuer/fetch-error.ts'
import { fetchWarnings, warningsBy } from '../../src/issuer/fetch-warnings.ts'
import { UnusableKeySetError } from '../../src/jose/key-set.ts'

const url = 'https://id.test/keys?secret=1'

/** The codes that were warned of, and the watch that warns. */
function world(isProven = true) {
  const warn = vi.fn<(message: string, code: string) => void>()
  const watch = fetchWarnings('https://id.test', () => isProven, warningsBy(warn))
  return { warn, watch, codes: () => warn.mock.calls.map(([, code]) => code) }
}

describe('the warnings about an issuer', () => {
  it.each<[string, FetchError]>([
    ['OAUTH_NOT_FOUND', new FetchError('the server answered with status 404', { status: 404, url })],
    ['OAUTH_NOT_FOUND', new FetchError('the server answered with status 410', { status: 410, url })],
    ['OAUTH_REDIRECT', new FetchError('the server redirects elsewhere', { status: 302, url })],
    ['OAUTH_ISSUER_DOWN', new FetchError('the server answered with status 400', { status: 400, url })],
    ['OAUTH_ISSUER_DOWN', new FetchError('the server answered with status 299', { status: 299, url })],
    [
      'OAUTH_NO_USABLE_KEY',
      new FetchError('the JWK Set has no usable key', {
        status: 200,
        url,
        cause: new UnusableKeySetError('x'),
      }),
    ],
    [
      'OAUTH_METADATA_ISSUER',
      new FetchError('the metadata names another issuer', {
        status: 200,
        url,
        detail: { claim: 'iss', expected: 'https://id.test', actual: 'https://id.test/' },
      }),
    ],
  ])('tell once of a failure, by its code: %s', (code, error) => {
    const { warn, watch, codes } = world()
    watch.failed(error)
    watch.failed(error)
    expect(codes()).toEqual([code])
    expect(warn.mock.calls[0]?.[0]).toMatch(
      /^oauth-resource-server: issuer https:\/\/id\.test: unavailable: /,
    )
    expect(warn.mock.calls[0]?.[0]).not.toContain('secret')
  })

  it('name both issuers', () => {
    const { warn, watch } = world()
    const detail = { claim: 'iss', expected: 'https://id.test', actual: 'https://id.test/' }
    watch.failed(new FetchError('the metadata names another issuer', { status: 200, url, detail }))
    expect(warn.mock.calls[0]?.[0]).toContain(
      'the metadata has iss "https://id.test/", configured "https://id.test"',
    )
  })

  it('tell of the begin and the end of each outage, once', () => {
    const { warn, watch, codes } = world()
    const error = new FetchError('the server cannot be reached', { url, cause: { code: 'ECONNREFUSED' } })
    watch.succeeded()
    watch.failed(error)
    watch.failed(error)
    watch.succeeded()
    watch.succeeded()
    watch.failed(error)
    expect(codes()).toEqual(['OAUTH_ISSUER_DOWN', 'OAUTH_ISSUER_UP', 'OAUTH_ISSUER_DOWN'])
    expect(warn.mock.calls[1]?.[0]).toBe(
      'oauth-resource-server: issuer https://id.test: its keys were fetched again',
    )
  })

  it('are not caused by whoever names an issuer in an unsigned token', () => {
    const { watch, codes } = world(false)
    watch.failed(new FetchError('the server answered with status 404', { status: 404, url }))
    watch.succeeded()
    expect(codes()).toEqual([])
  })

  it('are remembered in a limited number', () => {
    const warn = vi.fn()
    const { once } = warningsBy(warn)
    expect(once('a', 'm', 'C')).toBe(true)
    expect(once('a', 'm', 'C')).toBe(false)
    for (let index = 0; index < 1000; index += 1) once(`i${index}`, 'm', 'C')
    expect(once('a', 'm', 'C')).toBe(true)
  })
})
