import { Session } from 'node:inspector/promises'
import type { AddressInfo } from 'node:net'
import { type Apps, listen, type ServerPlace } from './http-apps.ts'

/**
 * Child process: one server. Told what to be, it says where it listens; asked, how much processor time it had, and
 * what it spent that on.
 */

/** Which application of which module to start. */
export interface ServerOrder {
  readonly module: string
  readonly app: string
  readonly place: ServerPlace
}

const session = new Session()

process.on('message', (message: ServerOrder | 'usage' | 'profile' | 'shares') => {
  void answerTo(message).then((answer) => process.send?.(answer))
})
process.on('disconnect', () => process.exit())

async function answerTo(message: ServerOrder | 'usage' | 'profile' | 'shares'): Promise<object> {
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
      const { sharesOf } = await import('./study/shares.ts')
      return sharesOf(profile)
    }
    default: {
      const { apps } = (await import(message.module)) as { apps: Apps }
      const make = apps[message.app]
      if (make === undefined) throw new Error(`no such server: ${message.app}`)
      const server = await listen(await make(message.place))
      return { port: (server.address() as AddressInfo).port }
    }
  }
}
