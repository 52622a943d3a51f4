import { connect } from 'node:http2'
import type { ResourceServer } from 'oauth-resource-server'
import type { TestCertificate } from './certificates.ts'
import { hosts, http2Hosts } from './hosts.ts'
import { statusOverTls } from './proxies.ts'
import type { sharedHosts } from './shared-hosts.ts'

type Headers = Readonly<Record<string, string>>
/** Sends one GET, with the certificate of a client where there is one. @returns the status */
export type AskOverTls = (
  authorization: string,
  client?: TestCertificate,
  headers?: Headers,
) => Promise<number>

/** Every adapter that sees a TLS socket, by its name and version of HTTP. */
export function overTls(
  api: ResourceServer,
  server: TestCertificate,
  started: ReturnType<typeof sharedHosts>,
): readonly (readonly [string, AskOverTls])[] {
  const [tls, tls2] = [{ tls: server }, { tls: server, http2: true }]
  return [
    ...Object.entries(hosts)
      .filter(([name]) => name !== 'fetch')
      .map(([name, start]): readonly [string, AskOverTls] => [
        `${name}, HTTP/1.1`,
        async (authorization, client, headers = {}) =>
          statusOverTls((await started(start, api, tls)).port, { authorization, ...headers }, client),
      ]),
    ...Object.entries(http2Hosts)
      .filter(([name]) => name !== 'fetch')
      .map(([name, start]): readonly [string, AskOverTls] => [
        `${name}, HTTP/2`,
        async (authorization, client, headers = {}) =>
          statusOverHttp2((await started(start, api, tls2)).port, { authorization, ...headers }, client),
      ]),
  ]
}

async function statusOverHttp2(port: number, headers: Headers, client?: TestCertificate): Promise<number> {
  const { key, cert } = client ?? {}
  const session = connect(`https://127.0.0.1:${port}`, {
    rejectUnauthorized: false,
    ...(key === undefined || cert === undefined ? {} : { key, cert }),
  })
  try {
    return await new Promise((resolve, reject) => {
      session.on('error', reject)
      const stream = session.request({ ':path': '/', ...headers })
      stream.on('error', reject)
      stream.on('response', (answer) => resolve(answer[':status'] ?? 0))
      stream.resume().end()
    })
  } finally {
    session.destroy()
  }
}
