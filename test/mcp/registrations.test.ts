import * as sdk2 from '@modelcontextprotocol/client'
import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { createTestClock } from 'oauth-resource-server/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Registration } from '../../examples/mcp-server/authorization-server.ts'
import { Person } from '../../examples/mcp-server/person.ts'
import { startWorld, type World } from '../../examples/mcp-server/world.ts'

// The server of examples/mcp-server and both clients of the SDK, which know nothing but its URL.

interface Connection {
  readonly call: (tool: string) => Promise<unknown>
  readonly finish: (answer: URLSearchParams) => Promise<void>
  readonly close: () => Promise<void>
}

interface Sdk {
  /** It refreshes its token after a 403, instead of requesting more scopes. */
  readonly refreshesAfter403: boolean
  readonly Unauthorized: new () => Error
  readonly connect: (url: URL, person: Person) => Promise<Connection>
}

const sdks: Readonly<Record<string, Sdk>> = {
  'version 1 of the SDK': {
    refreshesAfter403: true,
    Unauthorized: UnauthorizedError,
    async connect(url, person) {
      const client = new Client({ name: 'test', version: '1.0.0' })
      const transport = new StreamableHTTPClientTransport(url, { authProvider: person })
      await ignore(UnauthorizedError, client.connect(transport))
      return {
        call: (name) => client.callTool({ name }),
        finish: (answer) => transport.finishAuth(answer.get('code') ?? ''),
        close: () => client.close(),
      }
    },
  },
  'version 2 of the SDK': {
    refreshesAfter403: false,
    Unauthorized: sdk2.UnauthorizedError,
    async connect(url, person) {
      const client = new sdk2.Client({ name: 'test', version: '1.0.0' })
      const transport = new sdk2.StreamableHTTPClientTransport(url, { authProvider: person })
      await ignore(sdk2.UnauthorizedError, client.connect(transport))
      return {
        call: (name) => client.callTool({ name }),
        finish: (answer) => transport.finishAuth(answer),
        close: () => client.close(),
      }
    },
  },
}

/** The client rejects when it has sent the person to sign in. */
async function ignore(kind: new () => Error, connected: Promise<unknown>): Promise<void> {
  await connected.catch((error: unknown) => {
    if (!(error instanceof kind)) throw error
  })
}

const registrations: readonly Registration[] = [
  'client ID metadata document',
  'dynamic registration',
  'pre-registered client',
]
const cases = registrations.flatMap((registration) =>
  Object.entries(sdks).map(([version, sdk]) => ({ registration, version, sdk })),
)
const minute = 60

describe.each(cases)('$registration, $version', ({ registration, sdk }) => {
  const clock = createTestClock()
  const seen: string[] = []
  let lifetime = minute
  let world: World
  let person: Person
  let connection: Connection

  beforeAll(async () => {
    world = await startWorld({
      registration,
      now: clock.now,
      lifetime: () => lifetime,
      observe({ method, url }, res) {
        // Both clients ask for a stream of events, which this server has not.
        if (method === 'GET' && url === '/mcp') return
        res.on('finish', () => {
          const error = /error="(\w+)"/.exec(String(res.getHeader('www-authenticate')))?.[1]
          seen.push([method, url, res.statusCode, error].filter(Boolean).join(' '))
        })
      },
    })
    person = new Person(registration, world.issuer)
  })
  afterAll(async () => {
    await connection.close()
    await world.close()
  })

  /** Without one, the client has to send the person to sign in again. */
  const withoutRefreshToken = (): void => {
    const { refresh_token: _, ...tokens } = person.tokens() ?? { access_token: '', token_type: '' }
    person.saveTokens(tokens)
  }
  const expectResult = async (tool: string): Promise<void> => {
    expect(await connection.call(tool)).toMatchObject({
      content: [{ type: 'text', text: `${tool} for alice` }],
    })
  }

  it('no token: 401, and the metadata leads to where the person signs in', async () => {
    connection = await sdk.connect(world.url, person)
    expect(seen).toEqual(['POST /mcp 401', 'GET /.well-known/oauth-protected-resource/mcp 200'])
    expect(person.sent.map(({ origin }) => origin)).toEqual([world.issuer])
    expect(person.sent[0]?.searchParams.get('resource')).toBe(world.url.href)
    expect(person.requested()).toContain('reports:read')
    expect(person.requested()).not.toContain('reports:write')
  })

  it('signed in: the tool knows who calls', async () => {
    await connection.finish(await person.signIn())
    connection = await sdk.connect(world.url, person)
    await expectResult('list_reports')
  })

  it('a scope is missing: 403, and the person signs in again for all of them', async () => {
    if (sdk.refreshesAfter403) {
      await expect(connection.call('delete_report')).rejects.toThrow(/403 after trying upscoping/)
      withoutRefreshToken()
      // The transport does not try again.
      await connection.close()
      connection = await sdk.connect(world.url, person)
    }
    seen.length = 0
    await expect(connection.call('delete_report')).rejects.toThrow(sdk.Unauthorized)
    expect(seen[0]).toBe('POST /mcp 403 insufficient_scope')
    expect(person.requested()).toEqual(expect.arrayContaining(['reports:read', 'reports:write']))
    await connection.finish(await person.signIn())
    await expectResult('delete_report')
  })

  it('the token is expired: 401, and the client gets the next one by itself', async () => {
    clock.advance(10 * minute)
    lifetime = 60 * minute
    seen.length = 0
    await expectResult('list_reports')
    expect(seen).toEqual(['POST /mcp 401 invalid_token', 'POST /mcp 200'])
  })

  it('the token is revoked: 401, and the person signs in again', async () => {
    withoutRefreshToken()
    const headers = { authorization: `Bearer ${person.tokens()?.access_token ?? ''}` }
    const { status } = await fetch(new URL('/logout', world.url), { method: 'POST', headers })
    expect(status).toBe(204)
    seen.length = 0
    await expect(connection.call('list_reports')).rejects.toThrow(sdk.Unauthorized)
    expect(seen[0]).toBe('POST /mcp 401 invalid_token')
    await connection.finish(await person.signIn())
    await expectResult('list_reports')
  })
})
