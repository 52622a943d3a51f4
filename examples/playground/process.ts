/* The process of the playground. It ends when the process that started it does: see `launch.ts`. */
import { once } from 'node:events'
import type { Certificate } from './certificate.ts'
import type { LaunchOptions } from './launch.ts'
import { type Playground, startPlayground } from './playground.ts'
import { tour } from './tour.ts'

/** The one message to this process. */
export interface ToChild extends LaunchOptions {
  readonly certificate: Certificate
}

/** The one message from it. */
export type FromChild = Pick<Playground, 'urls'> | { readonly error: string }

// Ctrl+C reaches both processes; the other one decides.
process.on('SIGINT', () => undefined)

const disconnected = once(process, 'disconnect')
const [options] = (await once(process, 'message')) as [ToChild]
try {
  const { port, certificate, redis = false } = options
  const playground = await startPlayground({ certificate, redis, ...(port !== undefined && { port }) })
  tell({ urls: playground.urls })
  if (options.tour === true) {
    process.exitCode = 1
    // Whoever stops the tour does not want to see the rest of it.
    void disconnected.then(() => process.exit())
    if ((await tour(playground.urls.client, console.log)) === 0) process.exitCode = 0
    await playground.close()
    process.disconnect()
  } else {
    await disconnected
    await playground.close()
  }
} catch (error) {
  process.exitCode = 1
  tell({ error: error instanceof Error ? error.message : String(error) })
  if (process.connected) process.disconnect()
}

function tell(message: FromChild): void {
  process.send?.(message)
}
