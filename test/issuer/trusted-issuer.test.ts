import { randomBytes } from 'node:crypto'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it, vi } from 'vitest'
import { warningsBy } from '../../src/issuer/fetch-warnings.ts'
import {
  issuerOf,
  type IssuerWithReaders,
  type NetworkOptions,
  placeOf,
  trustedIssuer,
} from '../../src/issuer/trusted-issuer.ts'
import { importKeySet } from '../../src/jose/key-set.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { introspectionSettings } from '../../src/options/introspection.ts'
import { keyCacheSettings } from '../../src/options/key-cache.ts'
import type { ConfiguredKeys } from '../../src/options/keys.ts'
import type { ClaimRules } from '../../src/options/rules.ts'
import { importSecrets } from '../../src/options/secret.ts'
import { rolesReader, scopesReader } from '../../src/token/scopes-and-roles.ts'

const issuer = await createTestIssuer({ issuer: 'https://issuer.test/' })
const set = await importKeySet(issuer.jwks, ['ES256'], 10)
const secrets = importSecrets([randomBytes(32)], ['HS256'], 'secret')
const uri = 'https://issuer.test/jwks'
const header = { alg: 'ES256', kid: issuer.jwks.keys[0]?.kid as string }

const settingsWith = (keys: Partial<ConfiguredKeys>, name = issuer.issuer): IssuerWithReaders =>
  ({
    issuer: name,
    algorithms: ['ES256', 'HS256'],
    keys: { public: undefined, secrets: [], ...keys },
    scopesOf: scopesReader(undefined),
    rolesOf: rolesReader(undefined),
  }) as never

/** A network that publishes the keys and the metadata of the issuer. */
function networkWith(
  changes: Partial<NetworkOptions> = {},
): NetworkOptions & { readonly asked: () => string[] } {
  const fetch = vi.fn((url: string) =>
    Promise.resolve(Response.json(url === uri ? issuer.jwks : issuer.metadata)),
  )
  return {
    fetch,
    clock: systemClock(),
    random: () => 0,
    settings: keyCacheSettings(undefined),
    snapshots: {},
    allowInsecureHosts: [],
    asked: () => fetch.mock.calls.map(([url]) => url),
    ...changes,
  }
}

describe('the keys of an issuer', () => {
  it('are fetched from the place that is configured', async () => {
    const network = networkWith()
    const { keys } = trustedIssuer(settingsWith({ public: { from: 'uri', uri } }), network)
    expect(await keys.find(header)).toMatchObject({ kid: header.kid })
    expect(network.asked()).toEqual([uri])
  })

  it('are found through metadata', async () => {
    const network = networkWith()
    const { keys } = trustedIssuer(settingsWith({ public: { from: 'metadata', url: undefined } }), network)
    expect(await keys.find(header)).toMatchObject({ kid: header.kid })
    expect(network.asked()).toEqual([
      'https://issuer.test/.well-known/oauth-authorization-server',
      issuer.metadata.jwks_uri,
    ])
  })

  it('are found through metadata in the configured place', async () => {
    const network = networkWith()
    const url = 'https://issuer.test/metadata'
    const { keys } = trustedIssuer(settingsWith({ public: { from: 'metadata', url } }), network)
    expect(await keys.find(header)).toMatchObject({ kid: header.kid })
    expect(network.asked()).toEqual([url, issuer.metadata.jwks_uri])
  })

  it('are warned of when they cannot be fetched', async () => {
    const warn = vi.fn()
    const fetch = (): Promise<Response> => Promise.resolve(new Response('', { status: 404 }))
    const network = networkWith({ fetch, warnings: warningsBy(warn) })
    const { keys } = trustedIssuer(settingsWith({ public: { from: 'uri', uri } }), network)
    await expect(keys.ready()).rejects.toMatchObject({ status: 503 })
    expect(warn.mock.calls).toEqual([[expect.stringContaining(issuer.issuer), 'OAUTH_NOT_FOUND']])
  })

  it('are a literal set, without the network', () => {
    const network = networkWith()
    const { keys } = trustedIssuer(settingsWith({ public: { from: 'set', set } }), network)
    expect(keys.find(header)).toBe(set.keys[0])
    expect(network.asked()).toEqual([])
  })

  it('are secrets alone', () => {
    const { keys } = trustedIssuer(settingsWith({ secrets }), networkWith())
    expect(keys.find({ alg: 'HS256' })).toBe(secrets[0]?.key)
    expect(keys.health()).toMatchObject({ state: 'configured', keyCount: 1 })
  })

  it('are public ones alone, so that a token of a secret names the wrong algorithm', () => {
    const { keys } = trustedIssuer(settingsWith({ public: { from: 'set', set } }), networkWith())
    expect(() => keys.find({ ...header, alg: 'HS256' })).toThrow(
      expect.objectContaining({ reason: 'algorithm' }) as Error,
    )
  })

  it('are none', () => {
    const { keys } = trustedIssuer(settingsWith({}), networkWith())
    expect(() => keys.find(header)).toThrow(expect.objectContaining({ reason: 'unknown_key' }) as Error)
  })

  it('are both, and alg decides', () => {
    const { keys } = trustedIssuer(settingsWith({ public: { from: 'set', set }, secrets }), networkWith())
    expect(keys.find(header)).toBe(set.keys[0])
    expect(keys.find({ alg: 'HS256' })).toBe(secrets[0]?.key)
  })

  it('come from the snapshot of that issuer', async () => {
    const first = trustedIssuer(settingsWith({ public: { from: 'uri', uri } }), networkWith())
    await first.keys.ready()
    const snapshot = first.keys.snapshot()
    expect(snapshot).toBeDefined()
    const ofName = (name: string): unknown => {
      const network = networkWith({ snapshots: { [name]: snapshot as never } })
      return trustedIssuer(settingsWith({ public: { from: 'uri', uri } }), network).keys.find(header)
    }
    expect(ofName(issuer.issuer)).not.toBeInstanceOf(Promise)
    const fetched = ofName('https://other.test/')
    expect(fetched).toBeInstanceOf(Promise)
    await fetched
  })

  it.each([
    ['a configured place are used without the network', { from: 'uri', uri } as const, []],
    [
      'a discovered place are confirmed in the background',
      { from: 'metadata', url: undefined } as const,
      ['https://issuer.test/.well-known/oauth-authorization-server', issuer.metadata.jwks_uri],
    ],
  ])('of a snapshot of %s', async (_title, place, asked) => {
    const first = trustedIssuer(settingsWith({ public: place }), networkWith())
    await first.keys.ready()
    const snapshot = first.keys.snapshot()
    expect(snapshot?.place).toBe(JSON.stringify([issuer.issuer, place]))
    const network = networkWith({ snapshots: { [issuer.issuer]: snapshot as never } })
    const { keys } = trustedIssuer(settingsWith({ public: place }), network)
    expect(keys.find(header)).toMatchObject({ kid: header.kid })
    await keys.pending()
    expect(network.asked()).toEqual(asked)
  })

  it('of a snapshot of another place are fetched', async () => {
    const first = trustedIssuer(settingsWith({ public: { from: 'uri', uri } }), networkWith())
    await first.keys.ready()
    const network = networkWith({ snapshots: { [issuer.issuer]: first.keys.snapshot() as never } })
    const url = 'https://issuer.test/metadata'
    const { keys } = trustedIssuer(settingsWith({ public: { from: 'metadata', url } }), network)
    await keys.find(header)
    expect(network.asked()).toEqual([url, issuer.metadata.jwks_uri])
  })
})

describe('the places of scopes and roles', () => {
  it('are those that the readers look at', () => {
    const settings = {
      ...settingsWith({ public: { from: 'set', set } }),
      scopesOf: scopesReader('permissions'),
      rolesOf: rolesReader('groups'),
    }
    const { namesFrom } = trustedIssuer(settings, networkWith())
    expect(namesFrom).toEqual({ scopes: ['permissions'], roles: ['groups'] })
  })
})

describe('introspection', () => {
  const settings = settingsWith({ public: { from: 'set', set } })

  it('is there where it is set up', () => {
    const network = networkWith()
    expect(trustedIssuer(settings, network).introspection).toBeUndefined()
    const rules = { clockTolerance: 5 } as ClaimRules
    const client = { clientId: 'api', clientSecret: 'secret', tokens: 'all' }
    const asked = { issuer: issuer.issuer, allowInsecureHosts: [] }
    const introspection = introspectionSettings(client, 'introspection', asked)
    const made = trustedIssuer({ ...settings, rules, introspection }, network)
    expect(made.introspection?.tokens).toBe('all')
    expect(made.scopesOf).toBe(settings.scopesOf)
  })
})

describe('a generation', () => {
  it('is another each time an issuer is made', () => {
    const settings = settingsWith({ public: { from: 'set', set } })
    const make = () => issuerOf(settings, undefined, networkWith())
    const [one, other] = [make(), make()]
    expect(one.name).toBe(issuer.issuer)
    expect(one.generation).not.toBe(other.generation)
  })
})

describe('placeOf', () => {
  const fetched = settingsWith({ public: { from: 'uri', uri } })

  it('is equal for settings that may share their keys', () => {
    expect(placeOf(settingsWith({ public: { from: 'uri', uri } }))).toBe(placeOf(fetched))
    expect(placeOf(fetched)).toBeTypeOf('string')
  })

  it.each([
    ['issuer', settingsWith({ public: { from: 'uri', uri } }, 'https://other.test/')],
    ['place', settingsWith({ public: { from: 'uri', uri: `${uri}/2` } })],
    ['way to find it', settingsWith({ public: { from: 'metadata', url: uri } })],
    ['algorithms', { ...fetched, algorithms: ['ES256' as const] }],
  ])('is another for another %s', (_title, settings) => {
    expect(placeOf(settings)).not.toBe(placeOf(fetched))
  })

  it.each([
    ['a literal set', settingsWith({ public: { from: 'set', set } })],
    ['secrets', settingsWith({ secrets })],
  ])('is undefined for %s, which is not fetched', (_title, settings) => {
    expect(placeOf(settings)).toBeUndefined()
  })
})
