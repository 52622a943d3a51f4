import { forgeries } from '../forgeries.ts'
import { all, decided, type Step, valueOf } from './step.ts'

const me = { route: 'GET /me' }

/** Signing in, the token, and who may do what. */
const beginning: readonly Step[] = [
  {
    topic: 'Sign in (authorization code with PKCE)',
    title: 'alice signs in at the authorization server',
    expected: 'alice: admin, reader',
    async see({ alice }) {
      const { user } = await alice.signIn('alice')
      return `${String(user?.name)}: ${String(user?.roles.join(', '))}`
    },
  },
  {
    title: 'bob signs in, in a browser of his own',
    expected: 'bob: reader',
    async see({ bob }) {
      const { user } = await bob.signIn('bob')
      return `${String(user?.name)}: ${String(user?.roles.join(', '))}`
    },
  },
  {
    title: 'the code was bound to a challenge',
    expected: 'S256',
    async see({ alice }) {
      const { recording } = await alice.state()
      const sent = recording.map(({ target }) => /code_challenge_method=(\w+)/.exec(target)?.[1])
      return sent.find((method) => method !== undefined) ?? 'no challenge was recorded'
    },
  },
  {
    topic: 'The access token',
    title: 'header, lifetime and signature',
    expected: 'RS256, at+jwt, 900 s, signature shortened',
    async see({ alice }) {
      const { accessToken: token } = await alice.state()
      const lifetime = Number(token?.expiresAt) - Number(token?.issuedAt)
      const signature = /^[\w-]{8}…$/.test(token?.signature ?? '') ? 'shortened' : 'not shortened'
      return `${valueOf(token?.header, 'alg')}, ${valueOf(token?.header, 'typ')}, ${lifetime} s, signature ${signature}`
    },
  },
  {
    title: 'a token that was cut is taken apart as far as it goes',
    expected: 'sub alice; two parts instead of three',
    async see({ alice }) {
      const text = 'Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSIsImF1ZCI6Imh0dHBzOi8v'
      const { parts } = await alice.act('take-apart', { text })
      return `sub ${valueOf(parts?.payload, 'sub')}; ${String(parts?.problem?.split('; ').at(-1))}`
    },
  },
  {
    topic: 'Scopes and roles',
    title: 'a route for everyone needs no token',
    expected: all('200'),
    see: async ({ nobody }) => {
      await nobody.state()
      return decided(await nobody.act('call', { route: 'GET /public', token: 'none' }))
    },
  },
  {
    title: 'any other route does',
    expected: all('401 missing'),
    see: async ({ nobody }) => decided(await nobody.act('call', { ...me, token: 'none' })),
  },
  {
    title: 'alice reads and writes reports',
    expected: `${all('200')}; then ${all('201')}`,
    see: async ({ alice }) => {
      const read = decided(await alice.act('call', { route: 'GET /reports' }))
      return `${read}; then ${decided(await alice.act('call', { route: 'POST /reports' }))}`
    },
  },
  {
    title: 'alice deletes one: she is an admin',
    expected: all('204'),
    see: async ({ alice }) => decided(await alice.act('call', { route: 'DELETE /reports/1' })),
  },
  {
    title: 'bob reads reports',
    expected: all('200'),
    see: async ({ bob }) => decided(await bob.act('call', { route: 'GET /reports' })),
  },
  {
    title: 'bob may not write: the scope is missing',
    expected: all('403 scope'),
    see: async ({ bob }) => decided(await bob.act('call', { route: 'POST /reports' })),
  },
  {
    title: 'bob may not delete: the role is missing',
    expected: all('403 role'),
    see: async ({ bob }) => decided(await bob.act('call', { route: 'DELETE /reports/1' })),
  },
  {
    topic: 'A program without a user (client credentials)',
    title: 'it reads reports',
    expected: all('200'),
    see: async ({ alice }) => decided(await alice.act('client-credentials', { route: 'GET /reports' })),
  },
  {
    title: 'it has no role',
    expected: all('403 role'),
    see: async ({ alice }) => decided(await alice.act('client-credentials', { route: 'DELETE /reports/1' })),
  },
]

const forging: readonly Step[] = forgeries.map(({ name, what, reason }, index) => ({
  ...(index === 0 && { topic: 'Forged tokens' }),
  title: `${name}: ${what}`,
  expected: all(`401 ${reason}`),
  see: async ({ alice }) => decided(await alice.act('forge', { name })),
}))

const comparing: readonly Step[] = [
  {
    topic: 'RS256 beside HS256',
    title: 'who could forge',
    expected: 'RS256: The authorization server. HS256: also Express, Fastify, Koa',
    async see({ alice }) {
      const { comparison = [], asItShouldBe, summary } = await alice.act('algorithms', {})
      const [rsa, hmac] = comparison
      const apis = hmac?.couldForge.filter((who) => /^(?:Express|Fastify|Koa)$/.test(who)) ?? []
      if (!asItShouldBe) return summary
      return `RS256: ${String(rsa?.couldForge.join(', '))}. HS256: also ${apis.join(', ')}`
    },
  },
]

/** The first half of the tour. */
export const firstSteps: readonly Step[] = [...beginning, ...forging, ...comparing]
