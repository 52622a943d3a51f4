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
import { describe, expect, it } from 'vitest'

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
