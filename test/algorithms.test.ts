import { createHmac, generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import {
  type AlgorithmName,
  algorithms,
  defaultAlgorithms,
  isAlgorithmName,
  secretAlgorithms,
} from '../src/algorithms.ts'
import { signature } from './support/tokens.ts'

const names = Object.keys(algorithms) as AlgorithmName[]
const beginning = (...prefixes: readonly string[]): AlgorithmName[] =>
  names.filter((name) => prefixes.some((prefix) => name.startsWith(prefix)))

describe('the table of algorithms', () => {
  it.each(names.filter((name) => /^[RPEH]S\d+$/.test(name)))('has the hash of %s', (name) => {
    expect(algorithms[name].hash).toBe(`sha${name.slice(-3)}`)
  })

  it.each(beginning('RS', 'PS'))('has the key of %s, which decides the length', (name) => {
    expect(algorithms[name]).toEqual({ kty: 'RSA', hash: algorithms[name].hash })
  })

  it.each([
    ...beginning('ES').map((name) => [name, 'ec'] as const),
    ['EdDSA', 'ed25519'],
    ['Ed25519', 'ed25519'],
    ['Ed448', 'ed448'],
  ] as const)('has the key of %s and the length of its signatures', (name, type) => {
    const { kty, crv, signatureLength } = algorithms[name]
    const pair = generateKeyPairSync(type as 'ec', { namedCurve: crv as string })
    expect(pair.publicKey.export({ format: 'jwk' })).toMatchObject({ kty, crv })
    expect(signature(name, pair.privateKey, 'text')).toHaveLength(signatureLength as number)
  })

  it.each(secretAlgorithms)('has the key of %s and the length of its signatures', (name) => {
    const { kty, hash, signatureLength } = algorithms[name]
    expect(kty).toBe('oct')
    expect(createHmac(hash as string, 'key').digest()).toHaveLength(signatureLength as number)
  })

  // FIPS 204 §4, table 2.
  it.each([
    ['ML-DSA-44', 2420],
    ['ML-DSA-65', 3309],
    ['ML-DSA-87', 4627],
  ] as const)('has the key of %s and the length of its signatures', (name, signatureLength) => {
    expect(algorithms[name]).toEqual({ kty: 'AKP', signatureLength })
  })
})

it('accepts by default what needs no secret, and was registered long ago', () => {
  expect([...defaultAlgorithms].sort()).toEqual(beginning('RS', 'PS', 'ES', 'EdDSA', 'Ed25519').sort())
  expect(secretAlgorithms).toEqual(['HS256', 'HS384', 'HS512'])
})

it.each(names)('knows %s', (name) => {
  expect(isAlgorithmName(name)).toBe(true)
})

it.each(['none', 'None', 'rs256', '', 'constructor', '__proto__', undefined, null, 7, ['RS256']])(
  'does not know %j',
  (name) => {
    expect(isAlgorithmName(name)).toBe(false)
  },
)
