import { createResourceServer, InvalidProofError, isAuthError } from 'oauth-resource-server'
import { createTestClock, createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'
import { nonces } from '../../src/caller/dpop-nonce.ts'
import { interfaceOf } from '../../src/adapter-interface.ts'
import { boundToken, dpopClient, dpopHeaders, resource } from '../support/dpop.ts'
import { refusalOf } from '../support/refusals.ts'
import { tries } from '../support/tries.ts'

const start = 1_800_000_000
const secret = new Uint8Array(32).fill(1)
const other = new Uint8Array(32).fill(2)
const { check } = nonces({ secrets: [secret], lifetime: 300 }, 10)

/** The nonce that is sent to a client without one. */
async function fresh(now = start, from = check): Promise<string> {
  const error: unknown = await from(undefined, now).catch((it: unknown) => it)
  expect(error).toBeInstanceOf(InvalidProofError)
  return String((error as InvalidProofError).nonce)
}
const outcome = async (nonce: unknown, now: number, from = check): Promise<unknown> =>
  from(nonce, now).catch((error: unknown) => (error as InvalidProofError).code)

describe('a nonce', () => {
  it('has only characters that a nonce may have (RFC 9449 §8.1), and differs with the time', async () => {
    expect(await fresh()).toMatch(/^[\x21\x23-\x5b\x5d-\x7e]+$/)
    expect(await fresh()).not.toBe(await fresh(start + 1))
  })

  it('is accepted for its lifetime, and followed by the next one in the second half', async () => {
    const nonce = await fresh()
    expect(await outcome(nonce, start)).toBeUndefined()
    expect(await outcome(nonce, start + 149)).toBeUndefined()
    for (const age of [150, 300]) {
      expect(await outcome(nonce, start + age)).toEqual({
        'DPoP-Nonce': await fresh(start + age),
        'Cache-Control': 'no-store',
      })
    }
    expect(await outcome(nonce, start + 301)).toBe('use_dpop_nonce')
  })

  it('that is wrong is refused with a word for operators', async () => {
    expect(await refusalOf(() => check('x', start))).toEqual({
      status: 401,
      reason: 'nonce',
      detail: {
        claim: 'nonce',
        hint: 'clients repeat the request with the nonce of the header DPoP-Nonce; one refusal is no fault',
      },
    })
  })

  it('may be of a process whose clock is ahead by the leeway', async () => {
    const nonce = await fresh(start + 10)
    expect(await outcome(nonce, start)).toBeUndefined()
    // A nonce has whole seconds: one more may be lost.
    expect(await outcome(nonce, start - 1)).toBeUndefined()
    expect(await outcome(nonce, start - 1.5)).toBe('use_dpop_nonce')
  })

  it('is accepted by every process with the secret, and by no other', async () => {
    const nonce = await fresh()
    const same = nonces({ secrets: [secret], lifetime: 300 }, 10)
    const foreign = nonces({ secrets: [other], lifetime: 300 }, 10)
    expect(await outcome(nonce, start, same.check)).toBeUndefined()
    expect(await outcome(nonce, start, foreign.check)).toBe('use_dpop_nonce')
  })

  it('of an old secret is accepted while the secret is in the list', async () => {
    const rotated = nonces({ secrets: [other, secret], lifetime: 300 }, 10)
    expect(await outcome(await fresh(), start, rotated.check)).toBeUndefined()
    const next = await fresh(start, rotated.check)
    expect(await outcome(next, start, rotated.check)).toBeUndefined()
    expect(await outcome(next, start)).toBe('use_dpop_nonce')
  })

  it.each([undefined, null, 1, '', 'x', '.', ['n'], `${start.toString(36)}.${'A'.repeat(43)}`])(
    '%j is none',
    async (nonce) => {
      expect(await outcome(nonce, start)).toBe('use_dpop_nonce')
    },
  )

  it('is none when a character is changed, is missing or is added', async () => {
    const nonce = await fresh()
    const [time = '', mac = ''] = nonce.split('.')
    const changed = `${mac.slice(0, -1)}${mac.endsWith('A') ? 'E' : 'A'}`
    const later = (start + 1).toString(36)
    for (const wrong of [
      `${time}.${changed}`,
      nonce.slice(0, -1),
      `${nonce}A`,
      `${later}.${mac}`,
      `0${nonce}`,
      `${time} .${mac}`,
      [nonce],
    ]) {
      expect([wrong, await outcome(wrong, start)]).toEqual([wrong, 'use_dpop_nonce'])
    }
  })
})

it('requests over 3 rotations and 2 servers see use_dpop_nonce once', async () => {
  const clock = createTestClock(start * 1000)
  const issuer = await createTestIssuer({ clock })
  const client = dpopClient(clock.now)
  const servers = [0, 1].map(() =>
    createResourceServer({ ...issuer.options, resource, dpop: { nonce: { secret, lifetime: 300 } } }),
  )
  let nonce: string | undefined
  let refusals = 0
  let token = ''
  const requests = tries(1000, 200)
  for (let sent = 0; sent < requests; sent += 1) {
    if (sent % (requests / 5) === 0)
      token = await boundToken(issuer, client, { exp: clock.now() / 1000 + 600 })
    const api = servers[sent % 2] as (typeof servers)[0]
    const headers = dpopHeaders(token, client.proof(token, { claims: { nonce } }))
    try {
      const auth = await api.authenticate({ method: 'GET', url: '/', headers })
      nonce = interfaceOf(api)?.headersFor(auth)?.['DPoP-Nonce'] ?? nonce
    } catch (error) {
      if (!isAuthError(error) || error.code !== 'use_dpop_nonce') throw error
      refusals += 1
      nonce = api.refuse(error).headers['DPoP-Nonce']
    }
    clock.advance(1000 / requests)
  }
  expect(refusals).toBe(1)
})
