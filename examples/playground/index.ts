/* The whole OAuth 2 system on this machine. `npm run playground`, then open the one address that it prints. */
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { launch } from './launch.ts'

const { values } = parseArgs({
  options: {
    port: { type: 'string' },
    redis: { type: 'boolean', default: false },
    tour: { type: 'boolean', default: false },
  },
})

// The tour needs no address that anyone would remember, and may run while the playground does.
const port = Number(values.port ?? (values.tour ? 0 : 4000))
if (!(port >= 0 && port <= 65_526)) fail(`--port: ${values.port ?? ''} is no port with nine more after it`)
const { urls, ended, close } = await launch({ ...values, port }).catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error)
  return fail(message.includes('EADDRINUSE') ? `${message}: pass another one with --port` : message)
})
if (!values.tour) console.log(`Open ${urls.welcome} in your browser. Press Ctrl+C to stop.`)
const stopped = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
const code = await Promise.race([ended, stopped])
await close()
process.exitCode = typeof code === 'number' ? code : 0

function fail(message: string): never {
  console.error(`The playground cannot start: ${message}`)
  process.exit(1)
}
