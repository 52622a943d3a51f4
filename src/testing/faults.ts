import type { Exchange } from './exchange.ts'
import type { Fault } from './fault-names.ts'
import { bomb, endless, huge, slow, stopHalfway, truncated } from './streams.ts'
import { poisonedKeys } from './weak-keys.ts'

/** What each fault does with one request. */
export const faults: Record<Fault, (exchange: Exchange) => void> = {
  '400': status(400),
  '401': status(401),
  '403': status(403),
  '404': status(404),
  '410': status(410),
  '429': status(429),
  '500': status(500),
  '502': status(502),
  '503': status(503),
  '504': status(504),
  hang: () => undefined,
  reset: ({ request }) => void request.socket.resetAndDestroy(),
  'reset-body': stopHalfway,
  truncated,
  slow,
  endless,
  huge,
  bomb,
  redirect: ({ send, options, elsewhere }) =>
    send({ status: 302, headers: { location: options.location ?? elsewhere }, text: '' }),
  html: says('<!doctype html><title>Sign in</title>', 'text/html; charset=utf-8'),
  text: says('upstream is not ready'),
  array: says('[]'),
  'no-keys': says('{}'),
  bom: ({ send, text }) => send({ text: `\u{FEFF}${text}` }),
  duplicate: ({ send, text }) => send({ text: text.replace(/^\{("\w+":)/, '{$1[],$1') }),
  'not-modified': ({ response }) => response.writeHead(304).end(),
  empty: says('{"keys":[]}'),
  partial: ({ send, issuer }) =>
    send({ text: JSON.stringify({ keys: [{ kty: 'EC', crv: 'P-256', x: 7 }, ...issuer.jwks.keys] }) }),
  poisoned: ({ send, issuer }) => send({ text: JSON.stringify({ keys: poisonedKeys(issuer) }) }),
  'other-issuer': ({ send, text }) =>
    send({ text: JSON.stringify({ ...(JSON.parse(text) as object), issuer: 'https://other-issuer.test/' }) }),
}

function status(code: number): (exchange: Exchange) => void {
  return ({ send }) => send({ status: code, headers: { 'content-type': 'text/plain' }, text: 'out of order' })
}

function says(text: string, type?: string): (exchange: Exchange) => void {
  return ({ send }) => send({ text, headers: type === undefined ? {} : { 'content-type': type } })
}
