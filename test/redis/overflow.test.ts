import { createResourceServer } from 'oauth-resource-server'
import { revocationList } from 'oauth-resource-server/redis'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { expect, it, vi } from 'vitest'
import { followScript, revokeScript } from '../../src/redis/scripts.ts'
import { Deferred } from '../support/deferred.ts'
import { verdict } from '../support/tokens.ts'

const issuer = await createTestIssuer({ algorithms: ['EdDSA'] })

/** As much of Redis as the scripts need; `hold` keeps back the answer to the next read of the stream. */
function redis(): { client: object; hold: () => { reached: Promise<void>; release: () => void } } {
  const entries = new Map<string, string>()
  const records: [string, string[]][] = []
  const state = ['list', '0']
  let held: Deferred<undefined> | undefined
  async function customCommand([, script, count, ...rest]: readonly string[]): Promise<unknown> {
    const keys = rest.slice(0, Number(count))
    const values = rest.slice(Number(count))
    if (script === revokeScript) {
      entries.set(String(keys[1]), String(values[2]))
      const record = ['entry', String(values[5]), 'life', String(values[3])]
      records.push([`${Date.now()}-${records.length}`, record])
      return state
    }
    if (script !== followScript) return [...state, ...keys.slice(1).map((key) => entries.get(key) ?? null)]
    const from = records.findIndex(([id]) => id === values[2]) + 1
    const answer = [...state, String(Math.floor(Date.now() / 1000)), 1, records.slice(from)]
    const gate = held
    held = undefined
    gate?.ask()
    await gate?.promise
    return answer
  }
  return {
    client: { customCommand },
    hold() {
      const answer = new Deferred<undefined>()
      held = answer
      return { reached: answer.asked, release: () => answer.settle(() => undefined) }
    },
  }
}

it('asks Redis when memory overflows while the stream is read', async () => {
  vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
  const { client, hold } = redis()
  const list = revocationList(client, { follow: { within: 60 }, timeoutMs: 5000, max: 1 })
  const api = createResourceServer({ ...issuer.options, revocation: list })
  const token = await issuer.sign({ jti: 'first' })
  await list.revoke({ jti: 'first' })
  await api.ready()
  expect(await verdict(api.verify(token))).toBe('401 revoked')
  const { reached, release } = hold()
  const ready = list.ready()
  await reached
  await list.revoke({ jti: 'second' })
  release()
  await ready
  expect(await verdict(api.verify(token))).toBe('401 revoked')
  list.close()
  vi.restoreAllMocks()
})
