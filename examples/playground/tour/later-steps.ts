import { hasToken } from '../whole-tokens.ts'
import { all, decided, type Step } from './step.ts'

const me = { route: 'GET /me' }

/** The second half of the tour: how tokens end, faults, bound tokens, and the browser. */
export const laterSteps: readonly Step[] = [
  {
    topic: 'Refresh tokens',
    title: 'a refresh obtains another access token; the one before goes on until it expires',
    expected: all('200'),
    see: async ({ alice }) => {
      await alice.act('refresh', {})
      return decided(await alice.act('call', { ...me, token: 'previous' }))
    },
  },
  {
    title: 'a lifetime of 60 seconds holds for the next token',
    expected: '60 s',
    see: async ({ alice }) => {
      await alice.act('lifetime', { seconds: 60 })
      const { accessToken: token } = (await alice.act('refresh', {})).state
      await alice.act('lifetime', { seconds: 900 })
      return `${Number(token?.expiresAt) - Number(token?.issuedAt)} s`
    },
  },
  {
    title: 'a used refresh token comes back: its whole family is withdrawn',
    expected: 'as it should be, and the latest refresh token is refused too',
    see: async ({ bob }) => {
      const { asItShouldBe, summary } = await bob.act('reuse-refresh', {})
      const { state } = await bob.act('refresh', {})
      const refused = (await bob.act('refresh', {})).state.refreshes === state.refreshes
      if (!asItShouldBe) return summary
      return `as it should be, and the latest refresh token is ${refused ? 'refused too' : 'accepted'}`
    },
  },
  {
    topic: 'Revocation',
    title: 'a revoked token is refused at once, although it has not expired',
    expected: all('401 revoked'),
    see: async ({ alice }) => {
      await alice.act('refresh', {})
      await alice.act('revoke', {})
      return decided(await alice.act('call', me))
    },
  },
  {
    title: 'the session goes on with a new token',
    expected: all('200'),
    see: async ({ alice }) => {
      await alice.act('refresh', {})
      return decided(await alice.act('call', me))
    },
  },
  {
    topic: 'Keys',
    title: 'new keys sign, the old ones are still published: both tokens are valid',
    expected: all('200'),
    see: async ({ alice }) => decided(distinct(await alice.act('rotate-keys', { withdraw: false }))),
  },
  {
    title: 'new keys sign, the old ones are withdrawn: the old token is refused',
    expected: `${all('200')}; 401 unknown_key from Express, Fastify, Koa`,
    see: async ({ alice }) => decided(await alice.act('rotate-keys', { withdraw: true })),
  },
  ...(['down', 'hanging'] as const).map((mode): Step => ({
    ...(mode === 'down' && { topic: 'The authorization server fails' }),
    title: `it is ${mode}: the APIs stay up, nobody can refresh`,
    expected: `${all('200')}; refreshed: no`,
    see: async ({ alice }) => {
      try {
        const outcome = await alice.act('issuer', { mode })
        const after = (await alice.act('refresh', {})).state.refreshes
        return `${decided(outcome)}; refreshed: ${after === outcome.state.refreshes ? 'no' : 'yes'}`
      } finally {
        await alice.act('issuer', { mode: 'up' })
      }
    },
  })),
  {
    topic: 'Bound tokens (DPoP)',
    title: 'a token bound to a key, with a proof for each request',
    expected: `${all('200')}; bound: yes`,
    see: async ({ alice }) => {
      const outcome = await alice.act('dpop', {})
      return `${decided(outcome)}; bound: ${outcome.state.dpop ? 'yes' : 'no'}`
    },
  },
  {
    title: 'the same proof once more',
    expected: '401 replayed',
    see: async ({ alice }) => decided(await alice.act('dpop-replay', {})).replace(/ from \w+$/, ''),
  },
  {
    title: 'the bound token without a proof, as a thief has it',
    expected: all('401 binding'),
    see: async ({ alice }) => decided(await alice.act('dpop-replay', { as: 'bearer' })),
  },
  {
    topic: 'HTTPS and cookies',
    title: 'plain HTTP to the address of the client gets no response',
    expected: 'no response',
    see: ({ nobody }) =>
      fetch(nobody.client.replace('https:', 'http:')).then(
        ({ status }) => String(status),
        () => 'no response',
      ),
  },
  {
    title: 'the cookie of the session',
    expected: '__Host-session, HttpOnly, Secure, SameSite=Strict, Path=/',
    see: async ({ nobody }) => {
      const [line = ''] = (await nobody.send('/state', { headers: { cookie: '' } })).headers.getSetCookie()
      const flags = ['HttpOnly', 'Secure', 'SameSite=Strict', 'Path=/']
      return [line.split('=')[0], ...flags.filter((flag) => line.includes(`; ${flag}`))].join(', ')
    },
  },
  {
    title: 'another site posts a form at an action',
    expected: '403, seen and refused, alice is still signed in',
    see: async ({ alice }) => {
      const path = '/do/revoke?attack=form+post'
      const { status } = await alice.send(path, { method: 'POST', body: 'x=y' }, 'cross-site')
      const { attacks, user } = await alice.state()
      const seen = attacks[0]?.name === 'form post' && attacks[0].refused ? 'seen and refused' : 'not noticed'
      return `${status}, ${seen}, ${String(user?.name)} is still signed in`
    },
  },
  {
    topic: 'Sign out',
    title: 'no address on the way has a token in it',
    expected: 'signed out, without a token',
    see: async ({ alice }) => {
      const addresses = await alice.signOut()
      const { user } = await alice.state()
      const signed = user === undefined ? 'signed out' : 'still signed in'
      return `${signed}, ${hasToken(addresses.join(' ')) ? 'with a token' : 'without a token'}`
    },
  },
  {
    title: 'the old access token is refused, although it has not expired',
    expected: `${all('401 revoked')}; expired: no`,
    see: async ({ alice }) => {
      const outcome = await alice.act('call', { ...me, token: 'previous' })
      const { previousAccessToken, now } = outcome.state
      const isOver = Number(previousAccessToken?.expiresAt) <= now
      return `${decided(outcome)}; expired: ${isOver ? 'yes' : 'no'}`
    },
  },
  {
    topic: 'At the end',
    title: 'no whole token was ever sent to a page',
    expected: 'none',
    see: ({ alice, bob, nobody }) => {
      const all = [alice, bob, nobody].flatMap(({ received }) => received)
      const found = all.filter((text) => hasToken(text)).length
      return found === 0 ? 'none' : `${found} of ${all.length}`
    },
  },
]

/** Each API once, where the new token and the old one were sent with the same result. */
function distinct<
  O extends { readonly decisions: readonly { readonly api: string; readonly status: number }[] },
>(outcome: O): O {
  const decisions = outcome.decisions.filter(
    ({ api, status }, index, list) =>
      list.findIndex((other) => other.api === api && other.status === status) === index,
  )
  return { ...outcome, decisions }
}
