import { describe, expect, it } from 'vitest'
import {
  checkProofClaims,
  checkProofHeader,
  type ProofRules,
  type ProvenRequest,
} from '../../src/caller/proof-checks.ts'
import { parseProof, type ParsedProof } from '../../src/jose/proof.ts'
import { dpopClient } from '../support/dpop.ts'
import { refusalOf } from '../support/refusals.ts'
import { b64 } from '../support/tokens.ts'

const start = 1_800_000_000
const rules: ProofRules = { algorithms: ['ES384', 'ES256'], maxAge: 60, leeway: 10 }
const client = dpopClient(() => start * 1000)
const sound = { typ: 'dpop+jwt', alg: 'ES256', jwk: client.jwk }
const proofWith = (header: unknown): ParsedProof =>
  parseProof(`${b64(JSON.stringify(header))}.${b64('{}')}.AAAA`) as ParsedProof

const refused = (detail: object) => ({ status: 401, reason: 'proof', detail })

describe('the header of a proof', () => {
  it('names the algorithm, and has the key', () => {
    expect(checkProofHeader(proofWith(sound), rules)).toMatchObject({
      alg: 'ES256',
      key: { algorithms: ['ES256'], jwk: { kty: 'EC', crv: 'P-256' } },
    })
  })

  it.each<[string, unknown, object]>([
    [
      'that is no object',
      ['dpop+jwt'],
      { claim: 'DPoP', hint: 'the header DPoP is no signed JWT, or one that can be read in two ways' },
    ],
    ['typ JWT', { ...sound, typ: 'JWT' }, { claim: 'typ', expected: 'dpop+jwt', actual: 'JWT' }],
    ['no typ', { ...sound, typ: undefined }, { claim: 'typ', expected: 'dpop+jwt', actual: undefined }],
    ['alg none', { ...sound, alg: 'none' }, { claim: 'alg', expected: ['ES384', 'ES256'], actual: 'none' }],
    ...['crit', 'b64', 'enc', 'jku', 'x5u', 'x5c'].map((name): [string, unknown, object] => [
      name,
      { ...sound, [name]: '' },
      { claim: name, expected: 'absent' },
    ]),
    [
      'a key that is text',
      { ...sound, jwk: 'x' },
      {
        claim: 'jwk',
        expected: 'a sound public key for ES256',
        hint: 'the key is not accepted: not an object',
      },
    ],
    [
      'a key for another algorithm',
      { ...sound, alg: 'ES384' },
      { claim: 'jwk', expected: 'a sound public key for ES384', hint: 'the key is not accepted: alg' },
    ],
    [
      'a private key',
      { ...sound, jwk: client.privateKey.export({ format: 'jwk' }) },
      {
        claim: 'jwk',
        expected: 'a sound public key for ES256',
        hint: 'the client sends its private key, or a secret, in the proof: it must make a new key, and send the public part',
      },
    ],
  ])('with %s is refused, and operators see why', async (_what, header, detail) => {
    expect(await refusalOf(() => checkProofHeader(proofWith(header), rules))).toEqual(refused(detail))
  })
})

describe('the claims of a proof', () => {
  const request: ProvenRequest = { method: 'GET', uri: 'https://api.test/a' }
  const claims = { jti: 'j', htm: 'GET', htu: 'https://api.test/a', iat: start }
  const check = (change: object = {}, now = start, to = request) =>
    checkProofClaims({ payload: { ...claims, ...change } } as unknown as ParsedProof, to, rules, now)

  it('are returned where later steps need them', () => {
    expect(check()).toEqual({ jti: 'j', iat: start, ath: undefined, nonce: undefined })
    expect(check({ ath: 'a', nonce: 'n' })).toEqual({ jti: 'j', iat: start, ath: 'a', nonce: 'n' })
  })

  it.each([
    { iat: start + 10 },
    { iat: start - 60 },
    { exp: start + 0.5 },
    { nbf: start + 10 },
    { jti: 'j'.repeat(256) },
  ])('%o is within its bounds', (change) => {
    expect(check(change)).toMatchObject({ iat: expect.any(Number) as number })
  })

  const clock = 'the clock of the client is wrong, or it uses one proof for many requests'
  const text = 'text of 1 to 256 characters'
  it.each<[object, object]>([
    [{ jti: undefined }, { claim: 'jti', expected: text, actual: 'absent' }],
    [{ jti: '' }, { claim: 'jti', expected: text, actual: 'string' }],
    [{ jti: 'j'.repeat(257) }, { claim: 'jti', expected: text, actual: 'string' }],
    [
      { htm: 'get' },
      {
        claim: 'htm',
        expected: 'GET',
        actual: 'string',
        hint: 'the client signs the method in upper case, as it is sent',
      },
    ],
    [
      { htu: 'https://api.test/b' },
      {
        claim: 'htu',
        expected: 'https://api.test',
        actual: 'string',
        hint: 'the proof is for another path: where a proxy changes paths, set dpop.url',
      },
    ],
    [
      { htu: 'http://api.test/a' },
      {
        claim: 'htu',
        expected: 'https://api.test',
        actual: 'string',
        hint: 'the proof is for another scheme, host or port: resource must be the URL that clients call',
      },
    ],
    [
      { htu: '/a' },
      {
        claim: 'htu',
        expected: 'https://api.test',
        actual: 'string',
        hint: 'htu is not an absolute http or https URL without user name',
      },
    ],
    [
      { htu: ['https://api.test/a'] },
      {
        claim: 'htu',
        expected: 'https://api.test',
        actual: 'list',
        hint: 'htu is not an absolute http or https URL without user name',
      },
    ],
    [
      { iat: start + 10.5 },
      { claim: 'iat', expected: 'at most 10 s ahead', actual: start + 10.5, hint: clock },
    ],
    [
      { iat: start - 60.5 },
      { claim: 'iat', expected: 'at most 60 s old', actual: start - 60.5, hint: clock },
    ],
    [{ iat: '1' }, { claim: 'iat', expected: `seconds since the epoch, now ${start}`, actual: '1' }],
    [
      { exp: Infinity },
      { claim: 'exp', expected: `seconds since the epoch, now ${start}`, actual: Infinity },
    ],
    [{ exp: start }, { claim: 'exp', expected: 'ahead', actual: start }],
    [
      { nbf: -Infinity },
      { claim: 'nbf', expected: `seconds since the epoch, now ${start}`, actual: -Infinity },
    ],
    [{ nbf: start + 10.5 }, { claim: 'nbf', expected: 'not ahead', actual: start + 10.5 }],
  ])('%o is refused, and operators see why', async (change, detail) => {
    expect(await refusalOf(() => check(change))).toEqual(refused(detail))
  })

  it('name the time in whole seconds', async () => {
    expect(await refusalOf(() => check({ iat: undefined }, start + 0.7))).toEqual(
      refused({ claim: 'iat', expected: `seconds since the epoch, now ${start}`, actual: undefined }),
    )
  })

  it.each(['https://api.test/a', '/a', undefined])(
    'are refused where the target of the request can be read in two ways, with htu %j',
    async (htu) => {
      expect(await refusalOf(() => check({ htu }, start, { method: 'GET', uri: undefined }))).toEqual(
        refused({
          claim: 'htu',
          expected: 'a plain URL',
          actual: htu === undefined ? 'absent' : 'string',
          hint: "the path of the request has '.' or '..', a backslash or characters beyond ASCII, which servers read in different ways",
        }),
      )
    },
  )

  it('count as members of the payload itself alone', async () => {
    const payload = Object.create(claims) as ParsedProof['payload']
    const inherited = { payload } as ParsedProof
    expect(await refusalOf(() => checkProofClaims(inherited, request, rules, start))).toMatchObject({
      detail: { claim: 'jti', actual: 'absent' },
    })
  })
})
