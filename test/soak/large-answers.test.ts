import { createTestIssuer, type TestIssuer, type TestServer } from 'oauth-resource-server/testing'
import { afterEach, describe, expect, it } from 'vitest'

const servers: TestServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

async function listen(issuer: TestIssuer): Promise<TestServer> {
  const server = await issuer.listen()
  servers.push(server)
  return server
}

// A gigabyte each: too much to read in every run of the tests.
describe('a failing test server', () => {
  it('sends the right answer to whoever does read it all', async () => {
    const issuer = await createTestIssuer()
    const server = await listen(issuer)
    await server.fail('huge')
    const response = await fetch(server.jwksUri)
    let length = 0
    let text = ''
    await response.body?.pipeTo(
      new WritableStream({
        write(chunk: Uint8Array) {
          length += chunk.byteLength
          text += Buffer.from(chunk).toString('latin1').trim()
        },
      }),
    )
    expect(length).toBe(Number(response.headers.get('content-length')))
    expect(text).toBe(JSON.stringify(issuer.jwks))
  })

  it('sends a small answer that inflates to a big one', async () => {
    const issuer = await createTestIssuer()
    const server = await listen(issuer)
    await server.fail('bomb')
    const response = await fetch(server.jwksUri)
    expect(response.headers.get('content-encoding')).toBe('gzip')
    expect(Number(response.headers.get('content-length'))).toBeLessThan(256 * 1024)
    const inflated = Buffer.from(await response.arrayBuffer())
    const right = JSON.stringify(issuer.jwks)
    expect(inflated.length).toBe(192 * 1024 * 1024 + right.length)
    expect(
      `${inflated.toString('utf8', 0, right.length - 1)}${inflated.toString('utf8', inflated.length - 1)}`,
    ).toBe(right)
  })
})
