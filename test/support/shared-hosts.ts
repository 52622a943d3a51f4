import type { ResourceServer } from 'oauth-resource-server'
import { afterAll } from 'vitest'
import type { Host, HostOptions, StartHost } from './hosts.ts'

/**
 * Starts a host for the first test that needs it, and gives the same one to every other test of the file that
 * names the same API and the same options object. Each test counts only its own calls and errors.
 */
export function sharedHosts(): (
  start: StartHost,
  api: ResourceServer<unknown, undefined>,
  options?: HostOptions,
) => Promise<Host> {
  type ByOptions = Map<HostOptions | undefined, Promise<Host>>
  const hosts = new Map<StartHost, Map<ResourceServer<unknown, undefined>, ByOptions>>()
  const running: Promise<Host>[] = []
  afterAll(async () => {
    await Promise.all(running.map(async (host) => (await host).close()))
  })

  return async (start, api, options) => {
    const byApi = entryOf(hosts, start, () => new Map<ResourceServer<unknown, undefined>, ByOptions>())
    const byOptions = entryOf(byApi, api, (): ByOptions => new Map())
    const host = await entryOf(byOptions, options, () => {
      const started = start(api, options)
      running.push(started)
      return started
    })
    const [calls, errors] = [host.calls(), host.errors().length]
    return { ...host, calls: () => host.calls() - calls, errors: () => host.errors().slice(errors) }
  }
}

function entryOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
