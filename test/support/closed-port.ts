import { freePort } from './free-port.ts'

/**
 * A port of loopback that was free a moment ago, so that a connection to it is refused (`ECONNREFUSED`). The `fetch` of
 * Node refuses low ports such as 1 and 9 by itself, before it connects.
 */
export const closedPort = (): Promise<number> => freePort()
