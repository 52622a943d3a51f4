import {
  createResourceServer,
  type ResourceServer,
  type ResourceServerOptions,
  type TokenRequest,
} from 'oauth-resource-server'
import { createTestIssuer, type TestIssuer } from 'oauth-resource-server/testing'
import { afterEach, beforeEach, vi } from 'vitest'
import { type Network, network, publishes, verdict, type VirtualTime, virtualTime } from '../support/world.ts'

export const jwksUri = 'https://issuer.test/jwks'

export let time: VirtualTime
export let issuer: TestIssuer
export let net: Network
export let api: ResourceServer

/** Makes one issuer, its network and a resource server anew for each test. */
export function setUp(): void {
  beforeEach(async () => {
    time = virtualTime()
    issuer = await createTestIssuer({ now: time.now })
    net = network(publishes(issuer))
    api = serverWith({})
  })
  afterEach(() => vi.restoreAllMocks())
}

export function serverWith(options: Partial<ResourceServerOptions>): ResourceServer {
  const { issuer: name, audience } = issuer
  return createResourceServer({
    issuer: name,
    audience,
    jwksUri,
    fetch: net.fetch,
    now: time.now,
    ...options,
  } as ResourceServerOptions<unknown, TokenRequest, false>)
}

/** Judges with another resource server from now on. */
export function use(options: Partial<ResourceServerOptions>): void {
  api = serverWith(options)
}

/** A token that outlives every test. */
export const sign = (header: Record<string, unknown> = {}): Promise<string> =>
  issuer.sign({ exp: time.now() / 1000 + 1e6 }, header)

/** A token that names a key nobody has. */
export const forge = (kid: string): Promise<string> => sign({ kid })

/** The verdict on a token, and the seconds it took. */
export async function judged(token: string): Promise<readonly [string, number]> {
  const outcome = verdict(api.verify(token))
  const seconds = await time.until(outcome)
  return [await outcome, seconds]
}

export const health = (): ReturnType<ResourceServer['health']>['issuers'][string] | undefined =>
  api.health().issuers[issuer.issuer]

export const state = (): string | undefined => health()?.state
