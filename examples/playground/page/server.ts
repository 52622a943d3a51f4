/** The requests of the page. All go to the client's server, which holds the tokens. */
import type { ActionName, Outcome, State } from '../protocol.ts'

/** An action may wait for an issuer that hangs; an API gives up sooner. Milliseconds. */
const limits = { state: 5_000, action: 30_000 } as const

/** @throws {Error} with a message for the user */
export async function readState(): Promise<State> {
  return (await ask('/state', { signal: AbortSignal.timeout(limits.state) })) as State
}

/** @throws {Error} with a message for the user */
export async function runAction(name: ActionName, details: object): Promise<Outcome> {
  return (await ask(`/do/${name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(details),
    signal: AbortSignal.timeout(limits.action),
  })) as Outcome
}

async function ask(path: string, init: RequestInit): Promise<unknown> {
  let response: Response
  let body: unknown
  try {
    response = await fetch(path, init)
    body = await response.json()
  } catch (error) {
    const late = error instanceof DOMException && error.name === 'TimeoutError'
    throw new Error(
      late
        ? 'The client’s server did not respond in time. Try again.'
        : 'The client’s server could not be reached. Is the playground still running?',
      { cause: error },
    )
  }
  if (!response.ok) {
    const { error } = body as { readonly error?: string }
    throw new Error(`The client’s server responded with ${response.status}: ${error ?? 'no reason given'}`)
  }
  return body
}
