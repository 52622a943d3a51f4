import { createResourceServer, recentLogin } from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'
import { type HostOptions, hosts } from '../support/hosts.ts'
import { sharedHosts } from '../support/shared-hosts.ts'

const now = 1_800_000_000
const issuer = await createTestIssuer({ algorithms: ['EdDSA'], now: () => now * 1000 })
const api = createResourceServer(issuer.options)
const started = sharedHosts()

const options: HostOptions = {
  routes: {
    '/strong': (guards) => guards.requireRecentLogin({ acrValues: ['b', 'a'] }),
    '/both': (guards) => guards.requireRecentLogin({ acrValues: ['b', 'a'], maxAge: 60 }),
    '/recent': (guards) => guards.requireRecentLogin({ maxAge: 60 }),
    '/pay': (guards) =>
      guards.requireAuthorizationDetails(
        'payment',
        ({ locations, actions }) =>
          JSON.stringify([locations, actions]) === JSON.stringify([['https://api.test'], ['pay']]),
      ),
    '/pay/any': (guards) => guards.requireAuthorizationDetails('payment'),
    '/scope': (guards) => guards.requireScope('pay'),
  },
}

describe.each(Object.entries(hosts))('requirements on logins and details, %s', (_name, start) => {
  async function ask(path: string, claims: object | string): Promise<{ status: number; challenge: string }> {
    const { origin } = await started(start, api, options)
    const token = typeof claims === 'string' ? claims : await issuer.sign({ ...claims })
    const response = await fetch(`${origin}${path}`, { headers: { authorization: `Bearer ${token}` } })
    await response.arrayBuffer()
    return { status: response.status, challenge: response.headers.get('www-authenticate') ?? '' }
  }

  it('RFC9470-3-1 a login that does not suffice is 401 insufficient_user_authentication', async () => {
    const { status, challenge } = await ask('/strong', { acr: 'c' })
    expect(status).toBe(401)
    expect(challenge).toMatch(/^Bearer .*error="insufficient_user_authentication"/)
    expect(await ask('/strong', { acr: 'a' })).toMatchObject({ status: 200 })
  })

  it('RFC9470-3-2 acr_values has the values in the order of the application', async () => {
    expect((await ask('/strong', {})).challenge).toMatch(/, acr_values="b a"$/)
  })

  it('RFC9470-3-3 max_age has whole seconds, 0 or more', async () => {
    expect((await ask('/recent', {})).challenge).toMatch(/, max_age="60"$/)
    for (const maxAge of [-1, 0.5, '60'])
      expect(() => recentLogin({ maxAge: maxAge as number })).toThrow(TypeError)
  })

  it('RFC9470-3-4 both parameters come together, whichever is not met', async () => {
    for (const claims of [
      { acr: 'a', auth_time: now - 900 },
      { acr: 'c', auth_time: now },
    ]) {
      expect((await ask('/both', claims)).challenge).toMatch(/, acr_values="b a", max_age="60"$/)
    }
  })

  it('RFC9470-6.1-1 acr and auth_time decide, and without them the requirement is not met', async () => {
    expect(await ask('/both', { acr: 'b', auth_time: now - 60 })).toMatchObject({ status: 200 })
    for (const claims of [{ acr: 'b' }, { auth_time: now }, { acr: 'c', auth_time: now }]) {
      expect(await ask('/both', claims)).toMatchObject({ status: 401 })
    }
  })

  it('RFC9470-9-1 nobody without a valid token learns what a route requires', async () => {
    const good = await issuer.sign({ acr: 'c' })
    for (const token of ['x', `${good.slice(0, -8)}AAAAAAAA`, await issuer.sign({ acr: 'c', exp: 1 })]) {
      const { status, challenge } = await ask('/both', token)
      expect(status).toBe(401)
      expect(challenge).not.toMatch(/acr_values|max_age|insufficient/)
    }
  })

  it('RFC9396-9.1-1 a claim that is no list of objects with a string type grants nothing', async () => {
    const good = { type: 'payment' }
    expect(await ask('/pay/any', { authorization_details: [good] })).toMatchObject({ status: 200 })
    for (const claim of [good, [good, 'x'], [good, {}], [good, { type: 1 }], 'payment', null]) {
      expect(await ask('/pay/any', { authorization_details: claim })).toMatchObject({ status: 403 })
    }
  })

  it('RFC9396-2.2-1 members of an entry are compared exactly, and other types grant nothing', async () => {
    const good = { type: 'payment', locations: ['https://api.test'], actions: ['pay'] }
    expect(await ask('/pay', { authorization_details: [good] })).toMatchObject({ status: 200 })
    for (const change of [
      { type: 'Payment' },
      { locations: ['https://api.test/'] },
      { actions: ['pay', 'x'] },
    ]) {
      expect(await ask('/pay', { authorization_details: [{ ...good, ...change }] })).toMatchObject({
        status: 403,
      })
    }
  })

  it('RFC9396-9-1 scopes and details are both checked', async () => {
    const details = { authorization_details: [{ type: 'payment' }] }
    expect(await ask('/scope', details)).toMatchObject({ status: 403 })
    expect(await ask('/pay/any', { scope: 'pay' })).toMatchObject({ status: 403 })
    expect(await ask('/scope', { ...details, scope: 'pay' })).toMatchObject({ status: 200 })
    expect(await ask('/pay/any', { ...details, scope: 'pay' })).toMatchObject({ status: 200 })
  })
})
