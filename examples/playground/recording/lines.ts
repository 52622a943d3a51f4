import type { IncomingMessage } from 'node:http'
import type { Party } from '../protocol.ts'
import type { Sent } from './bodies.ts'

/** Members of queries, forms and JSON that somebody could misuse. */
const secrets = new Set([
  'access_token',
  'client_secret',
  'code',
  'code_verifier',
  'id_token',
  'id_token_hint',
  'logout_token',
  'password',
  'refresh_token',
  'token',
  'xsrf',
])

/** Members that are long and random, and no secrets of anybody. */
const random = new Set(['code_challenge', 'nonce', 'state'])

/** The target of a request without anything that somebody could misuse. */
export function shortTarget(url: string): string {
  const [path = '', query] = url.split('?')
  // The name of a sign-in that is under way.
  const shortPath = path.replace(/^(\/(?:sign-in|auth)\/)[\w-]{20,}/, '$1…')
  if (query === undefined) return shortPath
  const pairs = [...new URLSearchParams(query)].map(([name, value]) => `${name}=${shown(name, value)}`)
  return `${shortPath}?${pairs.join('&')}`
}

/** The headers of a request that are worth a look. */
export function requestLines({ headers }: IncomingMessage): string[] {
  const { authorization, cookie, dpop } = headers
  return [
    ...(authorization === undefined ? [] : [`authorization: ${shortCredentials(authorization)}`]),
    ...(dpop === undefined ? [] : [`dpop: ${shortened(String(dpop))}`]),
    ...(cookie === undefined || cookie === '' ? [] : [`cookie: ${shortCookies(cookie)}`]),
    ...(['origin', 'sec-fetch-site'] as const)
      .filter((name) => headers[name] !== undefined)
      .map((name) => `${name}: ${String(headers[name])}`),
  ]
}

/** The fields of a form. */
export function formLines(form: URLSearchParams): string[] {
  return [...form].map(([name, value]) => `${name}=${shown(name, value)}`)
}

/** What is worth a look in a response. */
export function responseLines(to: Party, { headers, json }: Sent): string[] {
  const header = (name: string): string[] => [headers[name] ?? []].flat().map(String)
  const cookies = header('set-cookie').filter((line) => !isSignature(line))
  return [
    ...header('www-authenticate').map((value) => `www-authenticate: ${value}`),
    ...header('location').map((value) => `location: ${shortLocation(value)}`),
    ...cookies.map((value) => `set-cookie: ${shortSetCookie(value)}`),
    ...header('retry-after').map((value) => `retry-after: ${value}`),
    ...header('dpop-nonce').map((value) => `dpop-nonce: ${shortened(value)}`),
    // What an API responds with is shown with its decision.
    ...(to === 'Authorization server' ? jsonLines(json) : []),
  ]
}

/** Members of token responses, errors, introspections and key sets. */
const members = [
  'token_type',
  'expires_in',
  'scope',
  'access_token',
  'refresh_token',
  'id_token',
  'active',
  'error',
  'error_description',
]

function jsonLines(json: unknown): string[] {
  if (typeof json !== 'object' || json === null) return []
  const values = json as Readonly<Record<string, unknown>>
  const keys = Array.isArray(values['keys']) ? (values['keys'] as { readonly kid?: string }[]) : []
  return [
    ...members
      .filter((name) => ['string', 'number', 'boolean'].includes(typeof values[name]))
      .map(
        (name) => `${name}: ${secrets.has(name) ? shortened(String(values[name])) : String(values[name])}`,
      ),
    ...(keys.length === 0 ? [] : [`keys: ${keys.map(({ kid = '?' }) => kid).join(', ')}`]),
  ]
}

function shown(name: string, value: string): string {
  if (secrets.has(name)) return '…'
  return random.has(name) ? shortened(value) : value
}

/** The beginning of something long. */
function shortened(value: string): string {
  return `${value.slice(0, 3)}…`
}

function shortCredentials(value: string): string {
  const [scheme = '', credentials] = value.split(' ')
  if (credentials === undefined) return '…'
  return `${scheme} ${scheme === 'Basic' ? '…' : shortened(credentials)}`
}

function shortCookies(header: string): string {
  return header
    .split('; ')
    .filter((pair) => !isSignature(pair))
    .map((pair) => `${pair.split('=')[0] ?? ''}=…`)
    .join('; ')
}

function shortSetCookie(line: string): string {
  return line
    .replace(/^([^=]+)=([^;]*)/, (_, name: string, value: string) => `${name}=${value === '' ? '' : '…'}`)
    .replace(/(path=\/(?:sign-in|auth)\/)[\w-]+/i, '$1…')
    .replace(/; expires=[^;]*/i, '')
}

/** The authorization server signs each of its cookies in another one, which tells nothing more. */
function isSignature(cookie: string): boolean {
  return /^[^=]+\.sig=/.test(cookie)
}

function shortLocation(location: string): string {
  const [, origin = '', rest = ''] = /^(https?:\/\/[^/]+)?(.*)$/.exec(location) ?? []
  return origin + shortTarget(rest)
}
