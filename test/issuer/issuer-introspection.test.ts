import { expect, it } from 'vitest'
import { configuredKeys } from '../../src/issuer/configured-keys.ts'
import { issuerIntrospection } from '../../src/issuer/issuer-introspection.ts'
import { keyEvents } from '../../src/issuer/key-events.ts'
import type { Introspection } from '../../src/issuer/introspection.ts'
import { importKeySet } from '../../src/jose/key-set.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { type IntrospectionOptions, introspectionSettings } from '../../src/options/introspection.ts'
import {
  clientId,
  clientSecret,
  type Endpoint,
  endpoint,
  endpointUrl,
  issuer,
  json,
  metadataUrl,
  signedAnswer,
} from '../support/introspection.ts'

const keys = configuredKeys(await importKeySet(issuer.jwks, ['ES256'], 10), keyEvents(issuer.issuer))

function make(server: Endpoint, options: Partial<IntrospectionOptions> = {}): Introspection {
  const context = { issuer: issuer.issuer, allowInsecureHosts: [] }
  const settings = introspectionSettings({ clientId, clientSecret, ...options }, 'introspection', context)
  if (settings === undefined) throw new Error('there are settings')
  return issuerIntrospection({
    issuer: issuer.issuer,
    introspection: settings,
    algorithms: ['ES256'],
    clockTolerance: 5,
    keys,
    fetch: server.options.fetch,
    clock: systemClock(server.clock.now),
    random: () => 0,
    maxBytes: 10_000,
    allowInsecureHosts: [],
  })
}

it('asks the endpoint of the metadata, and remembers its plain answers', async () => {
  const server = endpoint()
  const introspection = make(server)
  const answer = await introspection.answerTo('token', 'unknown')
  expect(answer.claims).toMatchObject({ sub: 'user-1' })
  expect(introspection.answerTo('token', 'unknown')).toBe(answer)
  expect(server.others).toEqual([metadataUrl])
  expect(server.questions.map(({ url }) => url)).toEqual([endpointUrl])
  expect(introspection.health()).toEqual({
    state: 'closed',
    lastError: undefined,
    counters: { asked: 1, failures: 0 },
  })
})

it('asks the endpoint of the configuration', async () => {
  const server = endpoint()
  await make(server, { endpoint: 'https://other.test/i' }).answerTo('token', 'unknown')
  expect(server.others).toEqual([])
  expect(server.questions.map(({ url }) => url)).toEqual(['https://other.test/i'])
})

it('uses signed answers alone where that is set', async () => {
  const server = endpoint()
  server.answer = () => signedAnswer(server)
  const { claims } = await make(server, { signed: true }).answerTo('token', 'unknown')
  expect(claims).toMatchObject({ sub: 'user-1' })
  server.answer = () => signedAnswer(server, { iat: server.now() + 6 })
  await expect(make(server, { signed: true }).answerTo('token', 'unknown')).rejects.toMatchObject({
    status: 503,
  })
  server.answer = () => json(server.active())
  await expect(make(server, { signed: true }).answerTo('token', 'unknown')).rejects.toMatchObject({
    status: 503,
  })
})
