import { createResourceServer } from 'oauth-resource-server'
import { describe, expect, it } from 'vitest'
import { errorFormatOf } from '../../src/options/error-format.ts'

describe('errorFormat', () => {
  it("is 'oauth' by default", () => {
    expect(errorFormatOf(undefined)).toBe('oauth')
  })

  it.each(['oauth', 'problem', () => ({ contentType: 'text/plain', body: '' })])('may be %s', (format) => {
    expect(errorFormatOf(format)).toBe(format)
  })

  it.each([null, 'rfc9457', '', true, {}])('is a TypeError when it is %j', (errorFormat) => {
    const options = { issuer: 'https://issuer.test/', audience: 'a', errorFormat }
    expect(() => createResourceServer(options as never)).toThrow(
      new TypeError(
        "errorFormat: must be 'oauth', 'problem' or a function, for example (error, body) => ({ contentType: 'application/json', body })",
      ),
    )
  })
})
