// An MCP server, an authorization server, and a client that knows nothing but the URL of the MCP server: `npm run mcp`.
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client'
import type { Registration } from './authorization-server.ts'
import { Person } from './person.ts'
import { startWorld } from './world.ts'

const registrations: readonly Registration[] = [
  'client ID metadata document',
  'dynamic registration',
  'pre-registered client',
]

for (const registration of registrations) {
  console.log(`\n${registration}`)
  const requests: string[] = []
  const world = await startWorld({
    registration,
    observe({ method, url }, res) {
      // The client asks for a stream of events, which this server has not.
      if (method === 'GET' && url === '/mcp') return
      res.on('finish', () => requests.push(`${String(method)} ${String(url)}: ${res.statusCode}`))
    },
  })
  const told = (title: string): void => {
    console.log(`  ${title.padEnd(64)} ${requests.splice(0).join(', ')}`)
  }
  const person = new Person(registration, world.issuer)
  const connect = async (): Promise<[Client, StreamableHTTPClientTransport]> => {
    const client = new Client({ name: 'example', version: '1.0.0' })
    const transport = new StreamableHTTPClientTransport(world.url, { authProvider: person })
    await client.connect(transport).catch((error: unknown) => {
      if (!(error instanceof UnauthorizedError)) throw error
    })
    return [client, transport]
  }

  const [, unauthorized] = await connect()
  told('No token: the client finds where to sign in')
  await unauthorized.finishAuth(await person.signIn())
  const [client, transport] = await connect()
  told('Signed in as alice')
  await client.callTool({ name: 'list_reports' })
  told('Tool list_reports, with reports:read')

  await client.callTool({ name: 'delete_report' }).catch((error: unknown) => {
    if (!(error instanceof UnauthorizedError)) throw error
  })
  told(`Tool delete_report: needs ${person.requested().join(' ')}`)
  await transport.finishAuth(await person.signIn())
  await client.callTool({ name: 'delete_report' })
  told('Signed in again, and tool delete_report')

  const headers = { authorization: `Bearer ${person.tokens()?.access_token ?? ''}` }
  await fetch(new URL('/logout', world.url), { method: 'POST', headers })
  told('The token is revoked')
  await client.callTool({ name: 'list_reports' })
  told('Tool list_reports, with a new token')
  await client.close()
  await world.close()
}
