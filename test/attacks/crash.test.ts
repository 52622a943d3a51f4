import { createResourceServer } from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import type * as Crypto from 'node:crypto'
import { beforeEach, expect, it, vi } from 'vitest'

const broken = vi.hoisted(() => ({ verify: false }))

vi.mock('node:crypto', async (original) => {
  const crypto = await original<typeof Crypto>()
  return {
    ...crypto,
    verify: (...args: Parameters<typeof crypto.verify>): unknown => {
      if (!broken.verify) return (crypto.verify as (...all: typeof args) => unknown)(...args)
      const error = new Error('error:0608B096:digital envelope routines')
      const callback = args.at(-1) as unknown
      if (typeof callback !== 'function') throw error
      setImmediate(callback as (failure: Error) => void, error)
      return undefined
    },
  }
})

beforeEach(() => {
  broken.verify = false
})

it.each(['ES256', 'RS256', 'EdDSA', 'ES512'] as const)(
  'SIG-18 takes an %s signature for wrong when the check itself fails',
  async (alg) => {
    const issuer = await createTestIssuer({ algorithms: [alg] })
    const api = createResourceServer(issuer.options)
    broken.verify = true
    await expect(api.verify(await issuer.sign())).rejects.toMatchObject({ status: 401, reason: 'signature' })
    broken.verify = false
    expect(await api.verify(await issuer.sign())).toMatchObject({ subject: 'user-1' })
  },
)

it('SIG-18 never accepts when a hook of the user throws: the error passes through as it is', async () => {
  const issuer = await createTestIssuer()
  const bug = new RangeError('a bug in the schema')
  const schema = {
    '~standard': {
      version: 1 as const,
      vendor: 'test',
      validate: (): never => {
        throw bug
      },
    },
  }
  const api = createResourceServer({ ...issuer.options, schema })
  await expect(api.verify(await issuer.sign())).rejects.toBe(bug)
})
