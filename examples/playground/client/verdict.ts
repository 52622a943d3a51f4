import type { Decision } from '../protocol.ts'

/** Says in one or two plain sentences what was decided, and why. */
export function verdictOf({
  route,
  status,
  steps,
  reason,
}: Pick<Decision, 'route' | 'status' | 'steps' | 'reason'>): string {
  if (status < 400) {
    return steps.length === 0
      ? `${status}: let through. ${route} is open to everyone, so nothing was checked.`
      : `${status}: let through. All ${steps.length} checks passed.`
  }
  const failed = steps.find(({ ok }) => !ok)
  return [`${status}: ${beginnings[status] ?? 'refused'}.`, why(failed, reason)]
    .filter((part) => part !== '')
    .join(' ')
}

const beginnings: Readonly<Record<number, string>> = {
  400: 'refused, since the request is malformed',
  401: 'refused, since the API cannot accept these credentials',
  403: 'refused. The token is valid, so the API knows who is calling; but this caller may not do this',
  503: 'not decided. The API could not find out, so it lets nobody through and blames nobody',
}

function why(failed: Decision['steps'][number] | undefined, reason: string | undefined): string {
  if (reason === 'missing') return 'There is no access token in the request.'
  if (reason === 'revoked') return 'The token was revoked, although it has not expired.'
  if (failed === undefined) return reason === undefined ? '' : `Reason: ${reason}.`
  const { name, claim, expected, actual, hint } = failed
  const about = claim === undefined || claim === name ? '' : ` (${claim})`
  const required = expected === undefined ? '' : ` Required: ${expected}.`
  const found = actual === undefined ? '' : ` The token has: ${actual}.`
  return `The check "${name}"${about} failed.${required}${found}${hint === undefined ? '' : ` ${sentence(hint)}`}`
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`
}
