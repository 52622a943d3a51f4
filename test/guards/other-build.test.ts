import { allOf, anyOf, InsufficientScopeError, not, role, scope } from 'oauth-resource-server'
import { describe, expect, it, vi } from 'vitest'
import { ask, throwing } from './ask.ts'

describe('a refusal', () => {
  it("is an error of the package's other build, too", async () => {
    vi.resetModules()
    const other = await import('oauth-resource-server')
    const missing = throwing(new other.InsufficientScopeError(['y']))
    expect(other.InsufficientScopeError).not.toBe(InsufficientScopeError)
    expect(await ask(not(missing))).toBe(true)
    expect(await ask(allOf(scope('x'), missing))).toMatchObject({ scopes: ['x', 'y'] })
    expect(await ask(anyOf(role('x'), missing))).toMatchObject({ scopes: ['y'] })
    const otherDown = new other.UpstreamError(1)
    expect(await ask(not(throwing(otherDown)))).toBe(otherDown)
  })
})
