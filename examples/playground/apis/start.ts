import type { RevocationList } from 'oauth-resource-server'
import type { Listening } from '../listen.ts'
import type { ApiName, KeyCacheView } from '../protocol.ts'
import type { Recorder } from '../recording/recorder.ts'
import { guardedBy, type MakeApi } from './api.ts'
import { expressApi } from './express.ts'
import { fastifyApi } from './fastify.ts'
import { koaApi } from './koa.ts'
import { keyCacheOf, usedKeys } from './key-cache.ts'
import { traced, type TellTrace } from './traced.ts'

/** The API of each framework, in the order in which they are shown. */
export const frameworks: Readonly<Record<ApiName, MakeApi>> = {
  Express: expressApi,
  Fastify: fastifyApi,
  Koa: koaApi,
}

/** @see startApis */
export interface StartApisOptions {
  readonly issuer: string
  /** One server for each framework, in their order. */
  readonly servers: readonly Listening[]
  readonly list: RevocationList
  readonly recorder: Pick<Recorder, 'around'>
  readonly tell: TellTrace
  /** 1, or 2 for the second process. */
  readonly process: number
}

/** One API that responds. */
export interface RunningApi {
  readonly name: ApiName
  readonly url: string
  /** 1, or 2 for the second process. */
  readonly process: number
  readonly keyCache: () => KeyCacheView
}

/** Starts the API on every framework. They have their keys when this resolves. */
export function startApis(options: StartApisOptions): Promise<RunningApi[]> {
  const names = Object.keys(frameworks) as ApiName[]
  return Promise.all(
    options.servers.flatMap((server, index) => {
      const name = names[index]
      return name === undefined ? [] : [startApi(name, server, options)]
    }),
  )
}

async function startApi(
  name: ApiName,
  server: Listening,
  { issuer, list, recorder, tell, process }: StartApisOptions,
): Promise<RunningApi> {
  const guarded = guardedBy({ name, issuer, url: server.url, list })
  const { api } = guarded
  const used = usedKeys()
  const listener = traced(api, await frameworks[name](guarded), (id, trace) => {
    used.note(trace)
    tell(id, trace)
  })
  server.serve(recorder.around(name, listener))
  await api.ready()
  return { name, url: server.url, process, keyCache: () => keyCacheOf({ name, process, api, issuer, used }) }
}
