import { startApis } from './apis.ts'
import { listen } from './authorization-server.ts'
import { callEverything } from './calls.ts'
import { obtainTokens } from './cases.ts'
import { curlLines } from './curl.ts'
import { logoutInMemory } from './logout.ts'
import { logOut, logoutTable, wrongLogouts } from './logouts.ts'
import { startTwoProcesses } from './processes.ts'
import { scaledClient, webClient } from './registrations.ts'
import type { Running } from './running.ts'
import { paint, table } from './table.ts'

const colours = process.stdout.isTTY && !process.env['NO_COLOR']

const { server: authorizationServer, open } = await listen()
const issuer = authorizationServer.url
const [apis, processes] = await Promise.all([startApis(issuer, logoutInMemory()), startTwoProcesses(issuer)])
await open({
  logoutUrls: {
    [webClient]: logoutUrl(apis),
    ...(processes !== undefined && { [scaledClient]: logoutUrl(processes.groups[0].apis) }),
  },
})
for (const { name, url } of [authorizationServer, ...apis]) console.log(`${name.padEnd(20)}  ${url}`)

const tokens = await obtainTokens(issuer)
const calls = await callEverything(apis, tokens)
console.log(`\n${table(calls, colours)}\n`)

const logouts = await logOut(issuer, webClient, [{ name: 'in memory', apis }])
if (processes !== undefined) logouts.push(...(await logOut(issuer, scaledClient, processes.groups)))
console.log(`A user logs out at the authorization server:\n\n${logoutTable(logouts, colours)}\n`)
if (processes === undefined) console.log('No redis-server was found: logout across processes was left out.\n')

const total = `${calls.length + 2 * logouts.length} calls (each line one to every framework it names)`
const wrong = calls.filter(({ right }) => !right).length + wrongLogouts(logouts)
console.log(
  wrong === 0
    ? paint(`${total}, all answered as they should be.`, 'green', colours)
    : paint(`${total}, ${wrong} answered as they should not be.`, 'red', colours),
)
process.exitCode = wrong === 0 ? 0 : 1

if (process.argv.includes('--serve')) {
  console.log(`\n${curlLines(apis, tokens)}\n\nPress Ctrl+C to stop.`)
} else {
  await Promise.all([authorizationServer, ...apis].map((server) => server.close()))
  await processes?.close()
}

/** Any of the APIs can be told. */
function logoutUrl(apis: readonly Pick<Running, 'url'>[]): string {
  return `${apis[0]?.url ?? ''}/backchannel-logout`
}
