import { describe, expect, it } from 'vitest'
import { proofOf } from '../../src/caller/proof-header.ts'
import { dpopClient } from '../support/dpop.ts'
import { refusalOf } from '../support/refusals.ts'

const client = dpopClient(() => 1_800_000_000_000)
const proof = client.proof('token')
const read = (dpop: unknown, more: object = {}) =>
  proofOf({ method: 'GET', url: '/', headers: { dpop } as never, ...more })

const none = {
  status: 401,
  reason: 'proof',
  detail: { claim: 'DPoP', hint: 'the request has no header DPoP, which must have a proof' },
}
const twice = {
  status: 400,
  reason: 'malformed',
  detail: { hint: 'the client, or a proxy in front of this API, sends the header DPoP twice' },
}
const tooLong = {
  status: 401,
  reason: 'proof',
  detail: { claim: 'DPoP', expected: 'at most 4096 characters' },
}
const noJwt = {
  status: 401,
  reason: 'proof',
  detail: { claim: 'DPoP', hint: 'the header DPoP is no signed JWT, or one that can be read in two ways' },
}

describe('the header DPoP', () => {
  it('has a proof', () => {
    expect(read(proof)).toMatchObject({ payload: { htm: 'GET' } })
    expect(read(proof, { rawHeaders: ['DPoP', proof] })).toMatchObject({ payload: { htm: 'GET' } })
  })

  it.each<[string, unknown, object]>([
    ['is missing', undefined, none],
    ['is empty', '', none],
    ['is no JWT', 'a.b', noJwt],
    ['has 4096 characters that are no JWT', 'a'.repeat(4096), noJwt],
    ['has more', 'a'.repeat(4097), tooLong],
    ['comes twice', [proof, proof], twice],
    ['comes twice, joined by a comma', `${proof},${proof}`, twice],
    ['comes twice, and is too long', `${'a'.repeat(4097)},`, twice],
  ])('that %s is refused, and operators see why', async (_what, dpop, refusal) => {
    expect(await refusalOf(() => read(dpop))).toEqual(refusal)
  })

  it('that comes twice on the wire is refused with a fixed sentence', () => {
    const rawHeaders = ['DPoP', proof, 'dpop', proof]
    expect(() => read(proof, { rawHeaders })).toThrow(/^More than one DPoP header was sent$/)
  })
})
