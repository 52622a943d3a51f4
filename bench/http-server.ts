import { Session } from 'node:inspector/promises'
import type { AddressInfo } from 'node:net'
import { startServer } from './http-servers.ts'
import { sharesOf } from './shares.ts'

/**
 * Child process: one server. Told what to be, it says where it listens; asked, how much processor time it had, and
 * what it spent that on.
 */

interface Order {
  readonly name: string
  readonly issuer: { issuer: string; audience: string; jwksUri: string }
}

const session = new Session()

process.on('message', (message: Order | 'usage' | 'profile' | 'shares') => {
  void answerTo(message).then((answer) => process.send?.(answer))
})
process.on('disconnect', () => process.exit())

async function answerTo(message: Order | 'usage' | 'profile' | 'shares'): Promise<object> {
  switch (message) {
    case 'usage': {
      const { user, system } = process.cpuUsage()
      return { seconds: (user + system) / 1e6 }
    }
    case 'profile':
      session.connect()
      await session.post('Profiler.enable')
      await session.post('Profiler.setSamplingInterval', { interval: 200 })
      await session.post('Profiler.start')
      return {}
    case 'shares': {
      const { profile } = await session.post('Profiler.stop')
      session.disconnect()
      return sharesOf(profile)
    }
    default: {
      const server = await startServer(message.name, message.issuer)
      return { port: (server.address() as AddressInfo).port }
    }
  }
}
