import { createResourceServer, recentLogin, revocationList, role, scope } from 'oauth-resource-server'
import { createTestIssuer, traceOf } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'
import { claimMeanings, headerMeanings } from '../../examples/playground/meanings.ts'

const issuer = await createTestIssuer({ algorithms: ['EdDSA'] })
const base = { ...issuer.options, now: Date.now }
const open = createResourceServer(base)
const list = revocationList({ tokenLifetime: 3600 })
await list.revoke({ subject: 'gone' })
await list.revoke({ session: 'gone' })
await list.revoke({ client: 'gone', issuer: issuer.issuer })
await list.revoke({ jti: 'gone' })
const strict = createResourceServer({
  ...base,
  profile: 'rfc9068',
  clients: ['client-1', 'gone'],
  maxTokenAge: 600,
  revocation: list,
})
const now = Math.floor(Date.now() / 1000)
const all = [...headerMeanings, ...claimMeanings]

type Row = [
  member: string,
  check: string,
  claims: object,
  header?: object,
  api?: object,
  ...guards: unknown[],
]

/** Each changes one member of a valid token, and is refused by a check that `readBy` names. */
const rows: Row[] = [
  ['alg', 'form', {}, { alg: 1 }],
  ['typ', 'type', {}, { typ: 'other' }],
  ['kid', 'key', {}, { kid: 'other' }],
  ['kid', 'form', {}, { kid: 1 }],
  ['cty', 'form', {}, { cty: 'JWT' }],
  ['crit', 'form', {}, { crit: ['exp'] }],
  ['b64', 'form', {}, { b64: false }],
  ['enc', 'form', {}, { enc: 'A128GCM' }],
  ['iss', 'issuer', { iss: 'https://other.test' }],
  ['sub', 'claim types', { sub: 1 }],
  ['sub', 'required claims', { sub: undefined }, {}, strict],
  ['sub', 'revocation', { sub: 'gone' }, {}, strict],
  ['iss', 'issuer', { iss: undefined }],
  ['aud', 'audience', { aud: 'https://other.test' }],
  ['exp', 'times', { exp: undefined }],
  ['exp', 'expiry', { exp: now - 100, iat: now - 200 }],
  ['exp', 'unit of exp', { exp: now * 1000 }],
  ['exp', 'order of times', { exp: now + 1, iat: now + 3 }],
  ['exp', 'revocation', { exp: now + 7200 }, {}, strict],
  ['nbf', 'times', { nbf: 'x' }],
  ['nbf', 'not before', { nbf: now + 100 }],
  ['nbf', 'order of times', { exp: now + 1, nbf: now + 3 }],
  ['iat', 'times', { iat: 'x' }],
  ['iat', 'required claims', { iat: undefined }, {}, strict],
  ['iat', 'issued at', { iat: now + 100 }],
  ['iat', 'order of times', { exp: now + 1, iat: now + 3 }],
  ['iat', 'age', { iat: now - 700 }, {}, strict],
  ['jti', 'claim types', { jti: 1 }],
  ['jti', 'required claims', { jti: undefined }, {}, strict],
  ['jti', 'revocation', { jti: 'gone' }, {}, strict],
  ['client_id', 'claim types', { client_id: 1 }],
  ['client_id', 'required claims', { client_id: undefined }, {}, strict],
  ['client_id', 'client', { client_id: 'other' }, {}, strict],
  ['client_id', 'revocation', { client_id: 'gone' }, {}, strict],
  ...['azp', 'cid', 'appid'].map((name): Row => [name, 'claim types', { [name]: 1 }]),
  ...['scope', 'scp'].map((name): Row => [name, 'claim types', { [name]: 1 }]),
  ...['scope', 'scp'].map((name): Row => [name, 'guard', { [name]: 'other' }, {}, open, scope('read')]),
  ['roles', 'guard', { roles: ['other'] }, {}, open, role('admin')],
  ['role', 'guard', { role: 'other' }, {}, open, role('admin')],
  ['sid', 'claim types', { sid: 1 }],
  ['sid', 'revocation', { sid: 'gone' }, {}, strict],
  ['cnf', 'claim types', { cnf: 1 }],
  ['cnf', 'sender', { cnf: { jkt: 'x' } }],
  ['act', 'claim types', { act: 1 }],
  ['nonce', 'nonce', { nonce: 'x' }],
  ...['at_hash', 'c_hash', 's_hash', 'events', 'vp', 'token_introspection'].map((name): Row => [
    name,
    'foreign claims',
    { [name]: 'x' },
  ]),
  ['token_use', 'token use', { token_use: 'id' }],
  ['typ', 'payload type', { typ: 'ID' }],
  ['auth_time', 'guard', { auth_time: 1 }, {}, open, recentLogin({ maxAge: 60 })],
  ['acr', 'guard', { auth_time: now, acr: 'low' }, {}, open, recentLogin({ acrValues: ['high'] })],
]

describe('the meanings of members', () => {
  it.each(rows)(
    '%s is read by the check "%s"',
    async (member, check, claims, header = {}, api = open, ...guards) => {
      const token = await issuer.signRaw(
        JSON.stringify({ alg: 'EdDSA', kid: issuer.jwks.keys[0]?.kid, typ: 'at+jwt', ...header }),
        JSON.stringify({
          iss: issuer.issuer,
          aud: issuer.audience,
          sub: 'user-1',
          client_id: 'client-1',
          iat: now,
          exp: now + 300,
          jti: 'one',
          ...claims,
        }),
      )
      const { steps } = await traceOf(api, token, ...guards)
      expect(steps.at(-1)).toMatchObject({ name: check, ok: false })
      const isOfHeader = Object.keys(header).length > 0
      expect((isOfHeader ? headerMeanings : claimMeanings).get(member)?.readBy).toContain(check)
    },
  )

  it('name no check that the library does not run', async () => {
    const { steps } = await traceOf(open, await issuer.sign({ scope: 'read' }), scope('read'))
    const names = new Set(steps.map(({ name }) => name))
    const unknown = all.flatMap(([, { readBy }]) => readBy).filter((check) => !names.has(check))
    expect(unknown).toEqual([])
  })

  it('name every check that reads one member of a token, with that member', async () => {
    const token = await issuer.sign({ nbf: now })
    const { steps } = await traceOf(strict, token)
    const missing = steps
      .filter(({ claim }) => claim !== undefined)
      .filter(({ name, claim = '' }) => {
        const readers = [headerMeanings, claimMeanings].flatMap((table) => table.get(claim)?.readBy ?? [])
        return !readers.includes(name)
      })
    expect(missing).toEqual([])
  })

  it('are one or two sentences each', () => {
    for (const [, { meaning }] of all) expect(meaning).toMatch(/^[A-Z].*[.]$/)
  })
})
