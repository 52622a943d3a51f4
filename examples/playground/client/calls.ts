import { randomUUID } from 'node:crypto'
import type { RunningApi } from '../apis/start.ts'
import { callHeader, fetchAs } from '../parties.ts'
import type { Decision } from '../protocol.ts'
import { takeApart } from '../take-apart.ts'
import { verdictOf } from './verdict.ts'
import type { World } from './world.ts'

/** What is sent to an API. */
export interface Call {
  /** For example `GET /reports`. */
  readonly route: string
  readonly token?: string
  /** A DPoP proof; the scheme is `DPoP` then, else `Bearer`. */
  readonly proof?: string
}

/** A decision, with whether the trace of the core leads to the status that the API really sent. */
export interface Judged {
  readonly decision: Decision
  readonly agrees: boolean
}

/** Longer than an API waits for keys, twice. Milliseconds. */
const limit = 15_000

const send = fetchAs('Client')

/** Calls one API for real, and has its trace. @throws {Error} when the API does not respond */
export async function callApi(world: World, api: RunningApi, call: Call): Promise<Judged> {
  const { route, token, proof } = call
  const [method = '', path = ''] = route.split(' ')
  const id = randomUUID()
  const response = await send(api.url + path, {
    method,
    headers: {
      [callHeader]: id,
      ...(token !== undefined && { authorization: `${proof === undefined ? 'Bearer' : 'DPoP'} ${token}` }),
      ...(proof !== undefined && { dpop: proof }),
    },
    signal: AbortSignal.timeout(limit),
  })
  const body = (await response.text()).slice(0, 2000)
  const trace = route === 'GET /public' ? { steps: [], status: 200 } : await world.traces.take(id)
  const challenge = response.headers.get('www-authenticate')
  const { status } = response
  const { steps = [], reason } = trace ?? {}
  const decided = { route, status, steps, ...(reason !== undefined && { reason }) }
  return {
    agrees: trace !== undefined && (trace.status === status || (trace.status === 200 && response.ok)),
    decision: {
      api: api.name,
      ...(world.redis && { process: api.process }),
      ...decided,
      body,
      ...(challenge !== null && { challenge }),
      verdict: verdictOf(decided),
      ...(token !== undefined && { token: takeApart(token) }),
    },
  }
}
