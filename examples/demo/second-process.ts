// Another process with the same APIs: what is revoked in one is refused in both.
import { startApis } from './apis.ts'
import { logoutOnRedis } from './logout.ts'

const [issuer = '', port = ''] = process.argv.slice(2)
const logout = await logoutOnRedis(Number(port))
const apis = await startApis(issuer, logout)
process.send?.(apis.map(({ name, url }) => ({ name, url })))

// The first process has ended, or wants this one to end.
process.once('disconnect', () => process.exit())
