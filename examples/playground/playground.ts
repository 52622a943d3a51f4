import { revocationList } from 'oauth-resource-server'
import { type RunningApi, startApis } from './apis/start.ts'
import type { Certificate } from './certificate.ts'
import { makeAttacks } from './client/attacks.ts'
import { discover } from './client/oidc.ts'
import { clientServer } from './client/server.ts'
import type { Urls } from './client/world.ts'
import { pageFiles } from './files.ts'
import { authorizationServer } from './issuer/server.ts'
import { listen } from './listen.ts'
import { otherSite } from './other-site/server.ts'
import { makeRecorder } from './recording/recorder.ts'
import { asText, makeTraces } from './traces.ts'
import { welcome } from './welcome.ts'

/** @see startPlayground */
export interface PlaygroundOptions {
  /** Of the welcome page; the others follow it. 0: free ones. @default 4000 */
  readonly port?: number
  /** Has to be trusted by this process: see `launch.ts`. */
  readonly certificate: Certificate
  /** Whether a second process of APIs runs, which shares revocations through a redis-server. @default false */
  readonly redis?: boolean
}

/** A playground that responds. */
export interface Playground {
  readonly urls: Urls & { readonly apis: readonly { readonly name: string; readonly url: string }[] }
  readonly close: () => Promise<void>
}

/**
 * Starts every part of the playground in this process. It works only where Node trusts the certificate, which has to be
 * so from the start of the process; `launch()` makes such a process and starts the playground there.
 *
 * @throws {Error} `EADDRINUSE` when a port is taken
 */
export async function startPlayground(options: PlaygroundOptions): Promise<Playground> {
  const open: { close(): Promise<void> }[] = []
  const close = async (): Promise<void> => {
    await Promise.all(open.map((part) => part.close()))
  }
  try {
    return { ...(await startParts(options, open)), close }
  } catch (error) {
    await close()
    throw error
  }
}

/** @param open is added to while parts start, so that they can be closed when a later one fails */
async function startParts(
  { port = 4000, certificate, redis = false }: PlaygroundOptions,
  open: { close(): Promise<void> }[],
): Promise<Pick<Playground, 'urls'>> {
  const keep = <T extends { close(): Promise<void> }>(part: T): T => {
    open.push(part)
    return part
  }
  const at = (offset: number): number => port && port + offset
  const ip = { certificate, host: '127.0.0.1' } as const
  const greeting = keep(await listen({ host: 'localhost', port: at(0) }))
  const client = keep(await listen({ certificate, host: 'localhost', port: at(1) }))
  const issuer = keep(await listen({ ...ip, port: at(2) }))
  const first = keep(await listen({ ...ip, port: at(3) }))
  const servers = [
    first,
    keep(await listen({ ...ip, port: at(4) })),
    keep(await listen({ ...ip, port: at(5) })),
  ]
  const attacker = keep(await listen({ ...ip, port: at(9) }))
  const urls = { welcome: greeting.url, client: client.url, issuer: issuer.url, otherSite: attacker.url }

  const files = pageFiles()
  const recorder = makeRecorder({ otherSite: urls.otherSite })
  const traces = makeTraces()
  // The APIs share one list of what was revoked, so it is enough to tell one of them.
  const server = await authorizationServer({ ...urls, logoutUrl: `${first.url}/backchannel-logout` })
  issuer.serve(recorder.around('Authorization server', server.listener))

  // Loaded when it is needed: without it the playground starts sooner.
  const { startSecond, startShared } = redis ? await import('./apis/second.ts') : {}
  const shared = startShared && keep(await startShared())
  const apis: RunningApi[] = await startApis({
    issuer: urls.issuer,
    servers,
    list: shared?.list ?? revocationList(),
    recorder,
    tell: (id, trace) => traces.put(id, asText(trace)),
    process: 1,
  })
  if (shared !== undefined && startSecond !== undefined) {
    const order = { certificate, ...urls, port: at(6), redisPort: shared.port }
    const second = keep(await startSecond({ ...order, recorder, traces }))
    apis.push(...second.apis)
  }

  const oidc = await discover(urls.issuer)
  const attacks = makeAttacks()
  const world = { urls, apis, server, recorder, traces, attacks, oidc, redis }
  client.serve(recorder.around('Client', clientServer(world, await files)))
  attacker.serve(otherSite({ client: urls.client, seen: () => attacks.list() }))
  greeting.serve(welcome(urls))
  return { urls: { ...urls, apis: apis.map(({ name, url }) => ({ name, url })) } }
}
