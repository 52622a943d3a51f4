import { root } from '../baseline.ts'
import type { HttpEffort } from '../http.ts'
import { launch, withIssuer } from '../http-process.ts'
import type { Shares } from './shares.ts'

/** Microseconds of processor time for one request, by framework and by whose function had it. */
export type ProfileResult = Readonly<Record<string, Shares>>

/** Profiles a server of each framework that runs this library, while it is loaded. */
export async function profilePart({
  warmUp,
  milliseconds,
}: Pick<HttpEffort, 'warmUp' | 'milliseconds'>): Promise<ProfileResult> {
  const found: Record<string, Shares> = {}
  const module = new URL('../http-servers.ts', import.meta.url).href
  await withIssuer(async (setting) => {
    for (const framework of ['express', 'koa', 'fastify']) {
      const server = await launch({ module, app: framework, library: root }, setting)
      try {
        await server.load(64, warmUp)
        await server.ask('profile')
        const { processor } = await server.load(64, milliseconds)
        const shares = await server.ask<Shares>('shares')
        found[framework] = Object.fromEntries(
          Object.entries(shares).map(([owner, share]) => [owner, share * processor]),
        )
      } finally {
        server.end()
      }
    }
  })
  return found
}
