import { describe, expect, it } from 'vitest'
import { headerOfProof, type ParsedProof, parseProof } from '../../src/jose/proof.ts'
import { b64 } from '../support/tokens.ts'

const header = b64('{"alg":"ES256"}')
const payload = b64('{"jti":"1"}')

describe('parseProof', () => {
  it('takes a proof apart', () => {
    expect(parseProof(`${header}.${payload}.AAE`)).toEqual({
      header,
      payload: { jti: '1' },
      signingInput: `${header}.${payload}`,
      signature: Buffer.of(0, 1),
    })
  })

  it.each([
    ['nothing', ''],
    ['one part', payload],
    // The part without its last character is an object, and the whole a signature.
    ['one part that is both', `${b64('{"a":11}')}A`],
    ['two parts', `${header}.${payload}`],
    ['no signature', `${header}.${payload}.`],
    ['an empty fourth part', `${header}.${payload}.AAE.`],
    ['a fourth part', `${header}.${payload}.AAE.AAE`],
    ['a signature with stray bits', `${header}.${payload}.AAF`],
    ['a signature with padding', `${header}.${payload}.AAE=`],
    ['no payload', `${header}..AAE`],
    ['a payload that is no base64url', `${header}.!.AAE`],
    ['a payload with stray bits', `${header}.${b64('{}').slice(0, -1)}1.AAE`],
    ['a payload that is no JSON', `${header}.${b64('{')}.AAE`],
    ['a payload that is a list', `${header}.${b64('[]')}.AAE`],
    ['a member twice', `${header}.${b64('{"jti":"1","jti":"2"}')}.AAE`],
  ])('finds no proof in %s', (_title, text) => {
    expect(parseProof(text)).toBeUndefined()
  })
})

describe('headerOfProof', () => {
  const read = (part: string): unknown => headerOfProof({ header: part } as ParsedProof)

  it('reads the header, which parseProof() leaves as it is', () => {
    expect(read(header)).toEqual({ alg: 'ES256' })
    expect(parseProof(`!.${payload}.AAE`)).toMatchObject({ header: '!' })
  })

  it.each(['', '!', `${header}=`, b64('{'), b64('null'), b64('{"alg":"ES256","alg":"none"}')])(
    'finds no header in %j',
    (part) => {
      expect(read(part)).toBeUndefined()
    },
  )
})
