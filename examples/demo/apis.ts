import { startExpressApi } from './express-api.ts'
import { startFastifyApi } from './fastify-api.ts'
import { startFetchApi } from './fetch-api.ts'
import { startKoaApi } from './koa-api.ts'
import type { Logout } from './logout.ts'
import type { Running } from './running.ts'

/** Starts the API on every framework. */
export function startApis(issuer: string, logout: Logout): Promise<Running[]> {
  const starts = [startExpressApi, startFastifyApi, startKoaApi, startFetchApi]
  return Promise.all(starts.map((start) => start(issuer, logout)))
}
