import type { IncomingMessage } from 'node:http'
import { attackIn } from '../other-site/attacks.ts'
import type { AttackView } from '../protocol.ts'

/** The latest requests of the other site. */
export interface Attacks {
  /** @param because why it is refused, or why it does no harm when it is let through */
  note(request: IncomingMessage, because: string, refused?: boolean): void
  /** Latest first. */
  list(): readonly AttackView[]
}

/** Remembers at most twenty. */
export function makeAttacks(): Attacks {
  const attacks: AttackView[] = []
  return {
    note(request, because, refused = true) {
      attacks.unshift({ name: nameOf(request), seen: seenOf(request), refused, because })
      attacks.length = Math.min(attacks.length, 20)
    },
    list: () => [...attacks],
  }
}

/** As the browser describes it (Fetch Metadata). */
function nameOf({ method = '', url = '', headers }: IncomingMessage): string {
  const attack = attackIn(url)
  if (attack !== undefined) return attack
  const { 'sec-fetch-dest': destination = 'empty' } = headers
  const isPost = method === 'POST'
  switch (destination) {
    case 'image':
    case 'script':
    case 'iframe':
      return isPost ? `form post into an ${destination}` : destination
    case 'document':
      return isPost ? 'form post' : 'link'
    default:
      return 'fetch'
  }
}

function seenOf({ method = '', url = '', headers }: IncomingMessage): string[] {
  const names = (headers.cookie ?? '')
    .split('; ')
    .map((pair) => pair.split('=')[0] ?? '')
    .filter((name) => name !== '')
  return [
    `${method} ${url.split('?')[0] ?? ''}`,
    ...(['sec-fetch-site', 'sec-fetch-mode', 'origin', 'content-type'] as const)
      .filter((name) => headers[name] !== undefined)
      .map((name) => `${name}: ${String(headers[name])}`),
    names.length === 0
      ? 'no cookie: with SameSite=Strict the browser does not send it'
      : `cookies: ${names.join(', ')}`,
  ]
}
