import diagnostics from 'node:diagnostics_channel'
import {
  type Auth,
  channelNames,
  createResourceServer,
  ForbiddenError,
  type Guard,
  MissingTokenError,
  scope,
  UpstreamError,
} from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it, vi } from 'vitest'
import { acceptance } from '../../src/caller/accept.ts'
import { authorizer } from '../../src/caller/authorize.ts'
import type { Refused } from '../../src/caller/refused.ts'
import { schemeOf } from '../../src/http/used-scheme.ts'
import { systemClock } from '../../src/lib/clock.ts'
import type { Limited } from '../../src/lib/limited.ts'
import type { VerifiedToken } from '../../src/token/verified-token.ts'
import { refusalOf } from '../support/refusals.ts'

const issuer = await createTestIssuer({ algorithms: ['EdDSA'] })
const api = createResourceServer(issuer.options)
const auth = await api.verify(await issuer.sign({ scope: 'read' }))

/** What is reported on the channel of refusals meanwhile. */
async function reported(work: () => Promise<unknown>): Promise<unknown[]> {
  const messages: unknown[] = []
  const note = (message: unknown): void => void messages.push(message)
  diagnostics.subscribe(channelNames.refused, note)
  await work().catch(() => undefined)
  diagnostics.unsubscribe(channelNames.refused, note)
  return messages
}

describe('api.authorize()', () => {
  it('resolves when every guard allows', async () => {
    await expect(api.authorize(auth, scope('read'), () => true)).resolves.toBeUndefined()
  })

  it('is a mistake without guards', async () => {
    await expect(api.authorize(auth)).rejects.toThrow(TypeError)
  })

  it('names everything that is missing', async () => {
    await expect(api.authorize(auth, scope('write'), scope('delete'))).rejects.toMatchObject({
      scopes: ['write', 'delete'],
    })
  })

  it('asks an anonymous caller for a token', async () => {
    await expect(api.authorize(undefined, scope('read'))).rejects.toBeInstanceOf(MissingTokenError)
  })

  it.each([
    ['another resource server', async () => createResourceServer(issuer.options).verify(await issuer.sign())],
    ['a copy', () => Promise.resolve({ ...auth })],
    ['an object that looks like one', () => Promise.resolve({ scopes: new Set(['read']) })],
    ['null', () => Promise.resolve(null)],
  ])('is a mistake with the caller of %s', async (_what, other) => {
    await expect(api.authorize((await other()) as never, scope('read'))).rejects.toThrow(TypeError)
  })

  it('passes on what could not be found out', async () => {
    const outage = new UpstreamError(1)
    await expect(api.authorize(auth, () => Promise.reject(outage))).rejects.toBe(outage)
    await expect(api.authorize(auth, () => 'yes' as never)).rejects.toThrow(TypeError)
  })

  it('A5 gives a guard up after hookTimeoutMs', async () => {
    const server = createResourceServer({ ...issuer.options, hookTimeoutMs: 20 })
    const caller = await server.verify(await issuer.sign())
    await expect(server.authorize(caller, () => new Promise(() => undefined))).rejects.toMatchObject({
      status: 503,
      detail: { hint: expect.stringContaining('guard') as string },
    })
  })
})

describe('E12 a refusal', () => {
  it('is reported once by verify()', async () => {
    const token = await issuer.sign({ aud: 'https://other.test' })
    const messages = await reported(() => api.verify(token))
    expect(messages).toEqual([
      {
        reason: 'audience',
        status: 401,
        issuer: issuer.issuer,
        detail: expect.objectContaining({ claim: 'aud' }) as object,
      },
    ])
  })

  it('is reported once by authenticate(), with guards and without', async () => {
    const headers = { authorization: `Bearer ${await issuer.sign({ scope: 'read' })}` }
    expect(await reported(() => api.authenticate({ headers: {} }))).toHaveLength(1)
    expect(await reported(() => api.authenticate({ headers }, scope('write'), scope('delete')))).toHaveLength(
      1,
    )
    expect(await reported(() => api.authenticate({ headers }, scope('read')))).toEqual([])
  })

  it('is not reported again by refuse()', async () => {
    const error = new ForbiddenError()
    const messages = await reported(() => {
      api.refuse(error)
      api.refuse(error)
      return Promise.resolve()
    })
    expect(messages).toEqual([])
  })

  it('is no verified token where a schema refuses it', async () => {
    const verified: unknown[] = []
    const note = (message: unknown): void => void verified.push(message)
    diagnostics.subscribe(channelNames.verified, note)
    const schema = { '~standard': { version: 1 as const, vendor: 'test', validate: () => ({ issues: [] }) } }
    await createResourceServer({ ...issuer.options, schema })
      .verify(await issuer.sign())
      .catch(() => undefined)
    diagnostics.unsubscribe(channelNames.verified, note)
    expect(verified).toEqual([])
  })
})

describe('a refusal by api.authorize()', () => {
  const refusal: ForbiddenError = Object.freeze(new ForbiddenError())
  const refuses = (): never => {
    throw refusal
  }

  it('is reported each time, also where guards share one error object', async () => {
    const messages = await reported(() =>
      Promise.allSettled([1, 2, 3].map(() => api.authorize(auth, refuses))),
    )
    expect(messages).toHaveLength(3)
  })

  it('is reported once where one guard asks another, and not where a guard allows all the same', async () => {
    const asks: Guard = async (it) => (await api.authorize(it, refuses), true)
    const catches: Guard = (it) =>
      api.authorize(it, refuses).then(
        () => true,
        () => true,
      )
    expect(await reported(() => api.authorize(auth, asks))).toHaveLength(1)
    expect(await reported(() => api.authorize(auth, catches))).toEqual([])
  })

  it('is reported for a caller that a guard kept, once the guard is done', async () => {
    let kept: Auth | undefined
    await api.authorize(auth, (it) => (kept = it) === it)
    expect(await reported(() => api.authorize(kept, refuses))).toHaveLength(1)
  })

  it('is reported after a guard failed by a mistake of its own', async () => {
    const fails = (): never => {
      throw new RangeError('a mistake')
    }
    const messages = await reported(async () => {
      await api.authorize(auth, fails).catch(() => undefined)
      await api.authorize(auth, refuses)
    })
    expect(messages).toHaveLength(1)
  })

  it('lets guards see the same caller', async () => {
    let seen: Auth | undefined
    await api.authorize(auth, (it) => (seen = it) === it)
    expect(seen).toEqual(auth)
    expect(seen?.token).toBe(auth.token)
    expect(seen?.claims).toBe(auth.claims)
  })
})

describe('the guards of one request', () => {
  const refusal = new ForbiddenError()
  const refuses: Guard = () => {
    throw refusal
  }
  const refusesLater: Guard = () => Promise.reject(refusal)
  const presented = { scheme: 'DPoP', token: 'a.b.c', place: 'header', request: undefined } as const
  const verified = {
    claims: {},
    issuer: 'https://issuer.test/',
    times: { exp: 1_800_000_000 },
    scopes: new Set(),
    roles: new Set(),
  } as unknown as VerifiedToken
  const request = { url: '/' }

  /** An authorizer with a caller, and what it reports. */
  function world(claims: unknown = verified.claims, limit: Limited = (result) => result) {
    const checks = { sender: () => undefined, revocation: () => undefined, claims: () => claims }
    const acceptor = acceptance<unknown>(checks, systemClock())
    const caller = acceptor.accept(verified, presented) as unknown as Auth
    const refused = vi.fn<Refused>((error) => error as Error)
    return { caller, refused, ...authorizer(acceptor, limit, refused) }
  }
  /** What becomes of a question: `allowed`, or the error. */
  const outcome = async (question: () => unknown): Promise<unknown> => {
    try {
      return (await question()) ?? 'allowed'
    } catch (error) {
      return error
    }
  }

  it.each(['decide', 'ask'] as const)('are waited for where they have to be: %s', async (how) => {
    const ours = world()
    expect(ours[how](() => true, ours.caller, request)).toBeUndefined()
    const later = ours[how](() => Promise.resolve(true), ours.caller, request)
    expect(later).toBeInstanceOf(Promise)
    await expect(later).resolves.toBeUndefined()
  })

  it.each<['decide' | 'ask', Guard]>([
    ['decide', refuses],
    ['decide', refusesLater],
    ['ask', refuses],
    ['ask', refusesLater],
  ])('report a refusal with its request, its issuer and its scheme: %s', async (how, guard) => {
    const ours = world()
    expect(await outcome(() => ours[how](guard, ours.caller, request))).toBe(refusal)
    expect(ours.refused).toHaveBeenCalledExactlyOnceWith(refusal, { request, issuer: verified.issuer })
    expect(schemeOf(refusal)).toBe('DPoP')
  })

  it.each<['decide' | 'ask', Guard]>([
    ['decide', refuses],
    ['decide', refusesLater],
    ['ask', refuses],
    ['ask', refusesLater],
  ])('may ask others, whose refusal is none where they allow: %s', async (how, inner) => {
    const ours = world()
    const asks: Guard = async (it) => (await outcome(() => ours[how](inner, it, request))) === refusal
    expect(await outcome(() => ours[how](asks, ours.caller, request))).toBe('allowed')
    expect(ours.refused).not.toHaveBeenCalled()
    // It is over: the next question is one of its own.
    expect(await outcome(() => ours[how](inner, ours.caller, request))).toBe(refusal)
    expect(ours.refused).toHaveBeenCalledOnce()
  })

  it('may ask about the caller that was passed before they return', async () => {
    const ours = world()
    const asks: Guard = async () => (await outcome(() => ours.ask(refuses, ours.caller, request))) === refusal
    expect(await outcome(() => ours.ask(asks, ours.caller, request))).toBe('allowed')
    expect(ours.refused).not.toHaveBeenCalled()
  })

  it('may ask with the claims of a schema about the caller that they got', async () => {
    const ours = world({ admin: true })
    const asks: Guard = async (it) =>
      (await outcome(() => ours.ask(refuses, it, request, ours.caller))) === refusal &&
      (await outcome(() => ours.ask(refuses, ours.caller, request, it))) === refusal
    expect(await outcome(() => ours.ask(asks, ours.caller, request))).toBe('allowed')
    expect(ours.refused).not.toHaveBeenCalled()
  })

  it('are asked by others at the same time, each of whom is told', async () => {
    const ours = world()
    const both = [1, 2].map(() => outcome(() => ours.ask(refusesLater, ours.caller, request)))
    expect(await Promise.all(both)).toEqual([refusal, refusal])
    expect(ours.refused).toHaveBeenCalledTimes(2)
  })

  it('report what was refused once, whoever asks after that', async () => {
    const ours = world()
    for (const guard of [refuses, refusesLater, refuses]) {
      expect(await outcome(() => ours.decide(guard, ours.caller, request))).toBe(refusal)
    }
    expect(ours.refused).toHaveBeenCalledOnce()
  })

  it.each<[string, Guard]>([
    [
      'throws',
      () => {
        throw new RangeError('a mistake')
      },
    ],
    ['rejects', () => Promise.reject(new RangeError('a mistake'))],
  ])('that fail are over: one that %s', async (_how, fails) => {
    const ours = world()
    expect(await outcome(() => ours.decide(fails, ours.caller, request))).toBeInstanceOf(RangeError)
    expect(await outcome(() => ours.decide(refuses, ours.caller, request))).toBe(refusal)
    expect(ours.refused.mock.calls.map(([error]) => error)).toEqual([expect.any(RangeError), refusal])
  })

  it('that others ask fail with an error, whatever they throw', async () => {
    const ours = world()
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- what a careless guard might do
    const careless: Guard = () => Promise.reject('text')
    const asks: Guard = async (it) =>
      (await outcome(() => ours.decide(careless, it, request))) instanceof Error
    expect(await outcome(() => ours.decide(asks, ours.caller, request))).toBe('allowed')
  })

  it('are limited in time', async () => {
    const late = new UpstreamError(1)
    const ours = world(verified.claims, () => {
      throw late
    })
    expect(await outcome(() => ours.decide(() => Promise.resolve(true), ours.caller, request))).toBe(late)
  })

  it('need a caller', async () => {
    const ours = world()
    for (const how of ['decide', 'ask'] as const) {
      expect(await refusalOf(() => ours[how](refuses, undefined, request))).toEqual({
        status: 401,
        reason: 'missing',
        detail: { hint: 'the caller is anonymous, and a guard needs a caller' },
      })
      expect(ours.refused).toHaveBeenLastCalledWith(expect.any(MissingTokenError), { request })
      expect(() => ours[how](refuses, {} as Auth, request)).toThrow(
        new TypeError('authorize: the caller must be an Auth that this resource server returned'),
      )
    }
  })
})

describe('a hook that throws no error', () => {
  it.each([[undefined], [null], [0], [''], ['route']])(
    'rejects with an error all the same: %j',
    async (value) => {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- what a careless guard might do
      const careless = (): Promise<boolean> => Promise.reject(value)
      const reason: unknown = await api.authorize(auth, careless).catch((error: unknown) => error)
      expect(reason).toBeInstanceOf(Error)
      expect((reason as Error).cause).toBe(value)
      const server = createResourceServer({
        ...issuer.options,
        tokenFrom: () => {
          // eslint-disable-next-line @typescript-eslint/only-throw-error -- likewise
          throw value
        },
      })
      await expect(server.authenticate({ headers: {} })).rejects.toBeInstanceOf(Error)
    },
  )
})
