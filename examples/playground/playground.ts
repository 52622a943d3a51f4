import { revocationList } from 'oauth-resource-server'
import { startApis } from './apis/start.ts'
import type { Certificate } from './certificate.ts'
import { makeAttacks } from './client/attacks.ts'
import { discover } from './client/oidc.ts'
import { clientServer } from './client/server.ts'
import type { Urls } from './client/world.ts'
import { pageFiles } from './files.ts'
import { authorizationServer } from './issuer/server.ts'
import { listen, type Listening } from './listen.ts'
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
export async function startPlayground({ port = 4000, certificate }: PlaygroundOptions): Promise<Playground> {
  const open: Listening[] = []
  const at = async (offset: number, host: 'localhost' | '127.0.0.1', isPlain = false): Promise<Listening> => {
    const server = await listen({ host, port: port && port + offset, ...(!isPlain && { certificate }) })
    open.push(server)
    return server
  }
  const close = async (): Promise<void> => {
    await Promise.all(open.map((server) => server.close()))
  }
  try {
    const greeting = await at(0, 'localhost', true)
    const client = await at(1, 'localhost')
    const issuer = await at(2, '127.0.0.1')
    const servers = [await at(3, '127.0.0.1'), await at(4, '127.0.0.1'), await at(5, '127.0.0.1')] as const
    const attacker = await at(9, '127.0.0.1')
    const urls = {
      welcome: greeting.url,
      client: client.url,
      issuer: issuer.url,
      otherSite: attacker.url,
    }

    const recorder = makeRecorder({ otherSite: urls.otherSite })
    const traces = makeTraces()
    const files = pageFiles()
    const server = await authorizationServer({
      issuer: urls.issuer,
      client: urls.client,
      // The APIs share one list, so it is enough to tell one of them.
      logoutUrl: `${servers[0].url}/backchannel-logout`,
    })
    issuer.serve(recorder.around('Authorization server', server.listener))
    const apis = await startApis({
      issuer: urls.issuer,
      servers,
      list: revocationList(),
      recorder,
      tell: (id, trace) => traces.put(id, asText(trace)),
      process: 1,
    })
    const oidc = await discover(urls.issuer)
    const attacks = makeAttacks()
    const world = { urls, apis, server, recorder, traces, attacks, oidc, redis: false }
    client.serve(recorder.around('Client', clientServer(world, await files)))
    attacker.serve(otherSite({ client: urls.client, seen: () => attacks.list() }))
    greeting.serve(welcome(urls))
    return { urls: { ...urls, apis: apis.map(({ name, url }) => ({ name, url })) }, close }
  } catch (error) {
    await close()
    throw error
  }
}
