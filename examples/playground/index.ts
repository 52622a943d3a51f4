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
const { urls, ended, close } = await launch({ ...values, port })
if (!values.tour) console.log(`Open ${urls.welcome} in your browser. Press Ctrl+C to stop.`)
const stopped = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
const code = await Promise.race([ended, stopped])
await close()
process.exitCode = typeof code === 'number' ? code : 0
