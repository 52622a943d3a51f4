import { beforeEach, describe, expect, it } from 'vitest'
import {
  type EndpointOptions,
  type IntrospectionEndpoint,
  introspectionEndpoint,
} from '../../src/issuer/introspection-endpoint.ts'
import { endpointFreshFor } from '../../src/issuer/limits.ts'
import type { Clock } from '../../src/lib/clock.ts'
import { Deferred } from '../support/deferred.ts'

const issuer = 'https://issuer.test/tenant'
const url = 'https://issuer.test/introspect'
const [first, second] = [
  'https://issuer.test/.well-known/oauth-authorization-server/tenant',
  'https://issuer.test/tenant/.well-known/openid-configuration',
]

let now: number
let calls: string[]
let answer: (url: string) => unknown
beforeEach(() => {
  now = 1000
  calls = []
  answer = () => ({ issuer, introspection_endpoint: url })
})

const never = new AbortController().signal
const clock = {
  wall: () => now,
  steady: () => now,
  schedule: () => () => undefined,
  deadline: () => never,
} as unknown as Clock

const make = (changes: Partial<EndpointOptions> = {}): IntrospectionEndpoint =>
  introspectionEndpoint({
    issuer,
    place: { metadataUrl: undefined },
    clock,
    maxBytes: 10_000,
    allowInsecureHosts: [],
    fetch: async (place) => {
      calls.push(place)
      const body = await answer(place)
      return body instanceof Response ? body : Response.json(body)
    },
    ...changes,
  })
const locate = async (endpoint = make(), signal = never): Promise<string> => endpoint.locate(signal, 3000)

describe('an introspection endpoint', () => {
  it('is what the configuration says, without a search', async () => {
    const endpoint = make({ place: { url: 'https://other.test/i' } })
    expect([endpoint.known(), await locate(endpoint)]).toEqual([
      'https://other.test/i',
      'https://other.test/i',
    ])
    expect(calls).toEqual([])
  })

  it('is found in the first metadata document that the issuer has', async () => {
    const endpoint = make()
    expect(endpoint.known()).toBeUndefined()
    expect(await locate(endpoint)).toBe(url)
    expect([endpoint.known(), calls]).toEqual([url, [first]])
    answer = (place) =>
      place === first ? new Response('', { status: 404 }) : { issuer, introspection_endpoint: url }
    expect(await locate(make())).toBe(url)
    expect(calls).toEqual([first, first, second])
  })

  it('is found where metadataUrl says, also for an issuer whose name is no URL', async () => {
    const metadataUrl = 'https://elsewhere.test/metadata'
    answer = () => ({ issuer: 'tenant', introspection_endpoint: 'https://elsewhere.test/i#part' })
    expect(await locate(make({ issuer: 'tenant', place: { metadataUrl } }))).toBe('https://elsewhere.test/i')
    expect(calls).toEqual([metadataUrl])
  })

  it.each([
    ['missing', undefined, 'no introspection_endpoint: set introspection.endpoint'],
    ['no string', 7, 'no introspection_endpoint: set introspection.endpoint'],
    ['no URL', '/introspect', 'no introspection_endpoint: set introspection.endpoint'],
    ['on another host', 'https://evil.test/introspect', "not on the issuer's origin"],
    ['on another port', 'https://issuer.test:8443/introspect', "not on the issuer's origin"],
    ['without TLS', 'http://issuer.test/introspect', "not on the issuer's origin"],
    ['with a user', 'https://user@issuer.test/introspect', "not on the issuer's origin"],
    ['with a password', 'https://:word@issuer.test/introspect', "not on the issuer's origin"],
  ])('is not used where it is %s', async (_what, value, message) => {
    answer = () => ({ issuer, introspection_endpoint: value })
    const endpoint = make()
    await expect(locate(endpoint)).rejects.toMatchObject({
      name: 'FetchError',
      status: 404,
      message: expect.stringContaining(message) as string,
    })
    expect(endpoint.known()).toBeUndefined()
  })

  it('may be without TLS where that host is allowed', async () => {
    const plain = 'http://issuer.test/tenant'
    answer = () => ({ issuer: plain, introspection_endpoint: 'http://issuer.test/i' })
    await expect(locate(make({ issuer: plain }))).rejects.toMatchObject({
      status: 404,
      message: 'the introspection_endpoint is not https',
    })
    expect(await locate(make({ issuer: plain, allowInsecureHosts: ['issuer.test'] }))).toBe(
      'http://issuer.test/i',
    )
  })

  it('is not asked for again within an hour', async () => {
    const endpoint = make()
    await locate(endpoint)
    now += endpointFreshFor - 1
    expect([await locate(endpoint), calls.length]).toEqual([url, 1])
    now += 1
    expect([await locate(endpoint), calls.length]).toEqual([url, 2])
  })

  it('goes on while newer metadata cannot be had, and changes once it can', async () => {
    const endpoint = make()
    await locate(endpoint)
    now += endpointFreshFor
    answer = () => new Response('', { status: 500 })
    expect(await locate(endpoint)).toBe(url)
    await new Promise(setImmediate)
    answer = () => ({ issuer, introspection_endpoint: `${url}-2` })
    expect(await locate(endpoint)).toBe(url)
    await new Promise(setImmediate)
    expect([endpoint.known(), await locate(endpoint)]).toEqual([`${url}-2`, `${url}-2`])
  })

  it('is searched once for all who wait, and again after that failed', async () => {
    const response = new Deferred<unknown>()
    answer = () => response.promise
    const endpoint = make()
    const waiting = [locate(endpoint), locate(endpoint)]
    response.settle(() => new Response('', { status: 404 }))
    for (const result of await Promise.allSettled(waiting)) expect(result.status).toBe('rejected')
    expect(calls).toEqual([first, second])
    answer = () => ({ issuer, introspection_endpoint: url })
    expect(await locate(endpoint)).toBe(url)
  })

  it('is searched again once a search has had its time, which never ended', async () => {
    answer = () => new Promise(() => undefined)
    const endpoint = make()
    const lost = locate(endpoint)
    lost.catch(() => undefined)
    answer = () => ({ issuer, introspection_endpoint: url })
    now += 2.9
    locate(endpoint).catch(() => undefined)
    await new Promise(setImmediate)
    expect(calls).toEqual([first])
    now += 0.1
    expect(await locate(endpoint)).toBe(url)
  })

  it('is waited for no longer than the signal lasts', async () => {
    answer = () => new Promise(() => undefined)
    const controller = new AbortController()
    const waiting = locate(make(), controller.signal)
    controller.abort()
    await expect(waiting).rejects.toMatchObject({ message: 'no complete response in time' })
  })
})
