import type { AddressInfo } from 'node:net'
import { startServer } from './http-servers.ts'

/** Child process: one server. Told what to be, it says where it listens; asked, how much processor time it had. */

interface Order {
  readonly name: string
  readonly issuer: { issuer: string; audience: string; jwksUri: string }
}

process.on('message', (message: Order | 'usage') => {
  if (message === 'usage') {
    const { user, system } = process.cpuUsage()
    process.send?.({ seconds: (user + system) / 1e6 })
    return
  }
  void startServer(message.name, message.issuer).then((server) => {
    process.send?.({ port: (server.address() as AddressInfo).port })
  })
})
process.on('disconnect', () => process.exit())
