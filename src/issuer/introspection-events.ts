import { warn } from '#platform'
import { adviceOn } from './endpoint-status.ts'
import type { FetchError } from './fetch-error.ts'

/** State of the introspection endpoint of one issuer, for operators. */
export interface IntrospectionHealth {
  /** `open`: it failed several times in a row, and is asked again after a pause; tokens get 503 until then. */
  readonly state: 'closed' | 'open'
  /** The last error; cleared by the next answer. A fixed sentence, with the URL before it where it is known. */
  readonly lastError: string | undefined
  /** Questions since the start, and how many of them had no usable answer. */
  readonly counters: { readonly asked: number; readonly failures: number }
}

/** What happens to the questions to one endpoint. */
export interface IntrospectionEvents {
  readonly asked: () => void
  readonly answered: () => void
  readonly failed: (error: FetchError) => void
  readonly health: (isOpen: boolean) => IntrospectionHealth
}

/** Counts and keeps what happens; warns once of what cannot heal by itself. @param issuer its name */
export function introspectionEvents(issuer: string): IntrospectionEvents {
  let asked = 0
  let failures = 0
  let lastError: string | undefined
  const warned = new Set<number | undefined>()

  function warnOnce({ status }: FetchError, message: string): void {
    const advice = adviceOn(status)
    if (advice === undefined || warned.has(status)) return
    warned.add(status)
    warn(
      `oauth-resource-server cannot introspect tokens of ${issuer}: ${message}; ${advice}`,
      'OAUTH_INTROSPECTION',
    )
  }

  return {
    asked() {
      asked += 1
    },
    answered() {
      lastError = undefined
    },
    failed(error) {
      failures += 1
      lastError = error.url === undefined ? error.message : `${error.url}: ${error.message}`
      warnOnce(error, lastError)
    },
    health: (isOpen) => ({ state: isOpen ? 'open' : 'closed', lastError, counters: { asked, failures } }),
  }
}
