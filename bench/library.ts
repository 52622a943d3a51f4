import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type * as Core from 'oauth-resource-server'
import type * as Express from 'oauth-resource-server/express'
import { baselineName, root } from './baseline.ts'

/** One build of the library: this code, or the baseline. */
export interface Library {
  readonly name: string
  readonly core: typeof Core
  readonly express: typeof Express
}

/** Name of this code in every table. */
export const ownName = 'this library'

/** Loads this code and the baseline into this process. */
export async function libraries(baseline: string): Promise<readonly [Library, Library]> {
  return [await load(ownName, root), await load(baselineName, baseline)]
}

async function load(name: string, folder: string): Promise<Library> {
  return { name, core: await built(folder, 'index'), express: await built(folder, 'express') }
}

/** A built file of the library in a folder. */
export async function built<T>(folder: string, subpath: string): Promise<T> {
  return (await import(pathToFileURL(join(folder, 'dist', `${subpath}.js`)).href)) as T
}

/** What an adapter calls: no promise where nothing has to be waited for. */
interface ForAdapters {
  readonly authenticate: (request: object) => unknown
}

const brand = Symbol.for('oauth-resource-server.api')

/** How adapters authenticate a request: by the brand of a resource server, and in 0.1.0 by a member. */
export function authenticateOf(api: object): ForAdapters['authenticate'] {
  const { [brand]: branded, adapter } = api as { [brand]?: unknown; adapter?: unknown }
  const found = (typeof branded === 'object' ? branded : adapter) as ForAdapters | null | undefined
  if (typeof found?.authenticate !== 'function')
    throw new TypeError('a resource server has no interface for adapters')
  return found.authenticate
}
