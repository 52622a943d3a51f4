import { createResourceServer } from 'oauth-resource-server'
import { protect } from 'oauth-resource-server/fetch'
import { toolScopes } from 'oauth-resource-server/mcp'
import { createTestIssuer, fakeAuth } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'

const tools = { delete_report: ['reports:write', 'reports:delete'], list_reports: 'reports:read' }
/** Made in each test, so that a mistake in making it fails one. */
const guard: ReturnType<typeof toolScopes> = (auth, request) => toolScopes(tools)(auth, request)
const call = (name: unknown, method = 'tools/call'): object => ({
  jsonrpc: '2.0',
  id: 1,
  method,
  params: { name },
})
const post = (body: unknown): object => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body,
})
const reader = fakeAuth({ scopes: ['reports:read'] })

describe('toolScopes', () => {
  it.each([
    ['a tool whose scope the caller has', call('list_reports')],
    ['a tool that is not listed', call('other')],
    ['a tool by the name of a member of every object', call('constructor')],
    ['a tool without a name', call(undefined)],
    ['a call without parameters', { method: 'tools/call' }],
    ['another method', call('delete_report', 'tools/list')],
    ['a batch of these', [call('list_reports'), call('other'), null, 'tools/call']],
    ['an empty batch', []],
  ])('passes %s', async (_what, body) => {
    expect(await guard(reader, post(body))).toBe(true)
  })

  it('passes a GET, which calls nothing', async () => {
    expect(await guard(reader, { ...post(call('delete_report')), method: 'GET' })).toBe(true)
  })

  it.each([
    ['a tool', call('delete_report'), ['reports:write', 'reports:delete']],
    ['one of several in a batch', [call('x'), call('delete_report')], ['reports:write', 'reports:delete']],
    [
      'every tool of a batch, once each',
      [call('list_reports'), call('delete_report'), call('list_reports')],
      ['reports:read', 'reports:write', 'reports:delete'],
    ],
  ])('refuses %s, and names all of its scopes', async (_what, body, scopes) => {
    await expect(guard(reader, post(body))).rejects.toMatchObject({
      status: 403,
      code: 'insufficient_scope',
      scopes,
      detail: { claim: 'scope', expected: scopes, actual: ['reports:read'] },
    })
  })

  it('needs every scope of a tool', async () => {
    for (const [scopes, expected] of [
      [['reports:write', 'reports:delete'], true],
      [['reports:write'], undefined],
      [['reports:delete'], undefined],
    ] as const) {
      const outcome = Promise.resolve(guard(fakeAuth({ scopes }), post(call('delete_report'))))
      expect(await outcome.catch(() => undefined)).toBe(expected)
    }
  })

  it('keeps what it was made with', async () => {
    const scopes = ['reports:write']
    const tools = { tool: scopes }
    const made = toolScopes(tools)
    scopes.length = 0
    await expect(made(reader, post(call('tool')))).rejects.toMatchObject({ status: 403 })
  })

  it('may list a tool whose name is empty, which other messages do not call', async () => {
    const made = toolScopes({ '': 'admin' })
    expect(await made(reader, post(call('x', 'tools/list')))).toBe(true)
    await expect(made(reader, post(call('')))).rejects.toMatchObject({ status: 403 })
  })

  it('challenges with all scopes, and leaves the body of a web request to the transport', async () => {
    const issuer = await createTestIssuer({ algorithms: ['EdDSA'] })
    const guarded = protect(
      createResourceServer(issuer.options),
      guard,
    )(async (request) => new Response(await request.text()))
    const headers = { authorization: `Bearer ${await issuer.sign({ scope: 'reports:read' })}` }
    const send = async (tool: string): Promise<Response> =>
      guarded(
        new Request('https://api.test/mcp', { method: 'POST', headers, body: JSON.stringify(call(tool)) }),
      )
    const passed = await send('list_reports')
    expect([passed.status, await passed.json()]).toEqual([200, call('list_reports')])
    const refused = await send('delete_report')
    expect(refused.status).toBe(403)
    const challenge = refused.headers.get('www-authenticate') ?? ''
    expect(challenge).toContain('error="insufficient_scope"')
    expect(challenge).toContain('scope="reports:write reports:delete"')
  })

  it.each([[undefined], [null], [[]], ['tool']])('throws for %j', (tools) => {
    expect(() => toolScopes(tools as never)).toThrow(
      new TypeError("toolScopes: pass scopes by tool, for example { delete_report: ['reports:write'] }"),
    )
  })

  it.each([
    ['a map', new Map([['tool', ['admin']]])],
    ['a promise', Promise.resolve({ tool: ['admin'] })],
    ['an object that inherits', Object.create({ tool: 'admin' }) as object],
  ])('throws for %s, of which it would see no tool', (_what, tools) => {
    expect(() => toolScopes(tools as never)).toThrow(/^toolScopes: pass scopes by tool/)
  })

  it.each([undefined, null, 5, { scope: 'a' }])('throws for %j in the place of scopes', (scopes) => {
    expect(() => toolScopes({ tool: scopes } as never)).toThrow(
      new TypeError('toolScopes: tool: pass a scope, or a list of scopes'),
    )
  })

  it('throws for a list within a list', () => {
    expect(() => toolScopes({ tool: [['admin']] } as never)).toThrow(/name at least one/)
  })

  it.each([[{ tool: [] }], [{ tool: 'two scopes' }], [{ tool: ['good', ''] }]])('throws for %j', (tools) => {
    expect(() => toolScopes(tools)).toThrow(/^scope: /)
  })
})
