import { describe, expect, it } from 'vitest'
import { adviceOn, refusesOne } from '../../src/issuer/endpoint-status.ts'

const credentials = 'check clientId, clientSecret or privateKey, and authMethod'
const place = 'check introspection.endpoint'
const finalUrl = 'set introspection.endpoint to the final URL'

describe('a status of an introspection endpoint', () => {
  it.each<[number | undefined, boolean, string | undefined]>([
    [400, true, `${credentials}, if every token is answered like this`],
    [401, false, credentials],
    [403, false, 'allow this client to introspect tokens, at the issuer'],
    [404, false, place],
    [405, false, place],
    [410, false, place],
    [413, true, undefined],
    [414, true, undefined],
    [415, true, undefined],
    [422, true, undefined],
    [431, true, undefined],
    [200, false, undefined],
    [299, false, undefined],
    [300, false, finalUrl],
    [399, false, finalUrl],
    [429, false, undefined],
    [503, false, undefined],
    [undefined, false, undefined],
  ])('%s refuses one question alone: %s; advice: %s', (status, one, advice) => {
    expect([refusesOne(status), adviceOn(status)]).toEqual([one, advice])
  })
})
