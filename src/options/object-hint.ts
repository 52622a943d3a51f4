import { isPromise } from '../lib/maybe-promise.ts'
import { uncalledHint } from './uncalled.ts'

/** What to pass where options are an object, by the name that messages have for it. */
const examples: Readonly<Record<string, string>> = {
  options: 'pass { issuer, audience, ... }, or what createResourceServer() returned',
  backChannelLogout: "pass { clientId: 'web-app' }, with the client's id at the issuer",
  clientCertificate: "pass { format }, for example { format: 'pem-urlencoded' }",
  decryption: 'pass { keys, algorithms, encryption }',
  dpop: 'pass {} for the defaults',
  'dpop.nonce': 'pass { secret }, of 32 random bytes or more',
  introspection: 'pass { clientId, clientSecret }',
  keyCache: 'pass for example { freshFor: 600 }',
  mtls: "pass { certificate: 'socket' }, or { certificate: clientCertificate(header, { format }) } behind a proxy",
  replayStore: 'a store on Redis is replayStore(client) of oauth-resource-server/redis',
  revocation: 'pass revocationList(), or { isRevoked: (auth) => boolean }',
  revocationList: 'a list on Redis is revocationList(client) of oauth-resource-server/redis',
  revoke: 'pass for example { token: getAuth(request) }',
  tokenCache: 'pass for example { max: 10000 }, or false',
}

/** Functions in memory that get the client of the function of the same name on Redis. */
const takenForClient: ReadonlySet<string> = new Set(['revocationList', 'replayStore'])

/**
 * What to add to a message about a value that is no plain object of options.
 *
 * @param where the name of the object in messages, for example `dpop` or `issuers[1]`
 */
export function objectHint(value: unknown, where: string): string {
  const uncalled = uncalledHint(value)
  if (uncalled !== '') return uncalled
  if (isPromise(value)) return '; this is a promise: await it'
  if (/^issuers\[\d+\]$/.test(where)) return "; pass for example { issuer: 'https://id.example.com/' }"
  const name = where.replace(/^issuers\[\d+\]\./, '')
  if (takenForClient.has(name) && typeof value !== 'object' && typeof value !== 'string') return ''
  return Object.hasOwn(examples, name) ? `; ${String(examples[name])}` : ''
}
