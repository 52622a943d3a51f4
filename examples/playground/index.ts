/* The whole OAuth 2 system on this machine. `npm run playground`, then open the one address that it prints. */
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { launch } from './launch.ts'

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '4000' },
    redis: { type: 'boolean', default: false },
    tour: { type: 'boolean', default: false },
  },
})

const { urls, ended, close } = await launch({ ...values, port: Number(values.port) })
console.log(`Open ${urls.welcome} in your browser. Press Ctrl+C to stop.`)
const stopped = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
const code = await Promise.race([ended, stopped])
await close()
process.exitCode = typeof code === 'number' ? code : 0
