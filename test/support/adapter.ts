import type { ResourceServer } from 'oauth-resource-server'
import type { AdapterInterface } from '../../src/adapter-interface.ts'

/** What adapters call of a resource server. */
export function adapterOf<C>(api: ResourceServer<C>): AdapterInterface<C> {
  return (api as unknown as Record<symbol, AdapterInterface<C>>)[
    Symbol.for('oauth-resource-server.api')
  ] as AdapterInterface<C>
}
