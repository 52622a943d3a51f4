import { startAuthorizationServer } from './authorization-server.ts'
import { callEverything } from './calls.ts'
import { obtainTokens } from './cases.ts'
import { curlLines } from './curl.ts'
import { startExpressApi } from './express-api.ts'
import { startFastifyApi } from './fastify-api.ts'
import { startKoaApi } from './koa-api.ts'
import { paint, table } from './table.ts'

const colours = process.stdout.isTTY && !process.env['NO_COLOR']

const authorizationServer = await startAuthorizationServer()
const issuer = authorizationServer.url
const apis = await Promise.all([startExpressApi(issuer), startFastifyApi(issuer), startKoaApi(issuer)])
const servers = [authorizationServer, ...apis]
for (const { name, url } of servers) console.log(`${name.padEnd(20)}  ${url}`)

const tokens = await obtainTokens(issuer)
const calls = await callEverything(apis, tokens)
console.log(`\n${table(calls, colours)}\n`)

const total = `${calls.length} calls (each line one to every framework it names)`
const wrong = calls.filter(({ right }) => !right).length
console.log(
  wrong === 0
    ? paint(`${total}, all answered as they should be.`, 'green', colours)
    : paint(`${total}, ${wrong} answered as they should not be.`, 'red', colours),
)
process.exitCode = wrong === 0 ? 0 : 1

if (process.argv.includes('--serve')) {
  console.log(`\n${curlLines(apis, tokens)}\n\nPress Ctrl+C to stop.`)
} else {
  await Promise.all(servers.map((server) => server.close()))
}
