import {
  createTestIssuer,
  type Fault,
  type FaultOptions,
  type TestServer,
} from 'oauth-resource-server/testing'

/**
 * A test issuer over HTTP in a process of its own, so that what it does costs the process under test nothing. It
 * takes orders by message: `{ id, order, values }`, answered with `{ id, value }` or `{ id, error }`.
 */
const issuer = await createTestIssuer({ algorithms: ['RS256'] })
let server: TestServer = await issuer.listen()
const port = Number(new URL(server.url).port)
let earlierRequests = 0

const year = 31_536_000
const sign = (claims: object = {}, header: object = {}): Promise<string> =>
  issuer.sign({ exp: Math.floor(Date.now() / 1000) + year, ...claims }, { ...header })

const orders = {
  about: () => ({ issuer: issuer.issuer, audience: issuer.audience, jwksUri: server.jwksUri, port }),
  sign,
  signMany: (count: number, claims?: object, header?: object) =>
    Promise.all(Array.from({ length: count }, () => sign(claims, header))),
  kid: () => issuer.jwks.keys[0]?.kid,
  rotate: (keepOld: boolean) => issuer.rotate({ keepOld }),
  withdraw: (kid?: string) => issuer.withdraw(kid),
  /** Publishes a new key under the id of the one before, as no issuer should. */
  replaceUnderSameId: async () => {
    const [old] = issuer.jwks.keys
    await issuer.rotate({ keepOld: false })
    const replaced = { keys: issuer.jwks.keys.map((key) => ({ ...key, kid: old?.kid })) }
    Object.defineProperty(issuer, 'jwks', { configurable: true, get: () => replaced })
  },
  setHeaders: (headers: Record<string, string>) => server.setHeaders(headers),
  fail: (fault: Fault, options?: FaultOptions) => server.fail(fault, options),
  heal: () => server.heal(),
  /** Refuses connections until `comeBack`. */
  goAway: async () => {
    earlierRequests += server.count()
    await server.close()
  },
  comeBack: async () => void (server = await issuer.listen({ port })),
  requests: () => earlierRequests + server.count(),
}

export type Orders = typeof orders

process.on('message', ({ id, order, values }: { id: number; order: keyof Orders; values: never[] }) => {
  const work: (...values: never[]) => unknown = orders[order]
  new Promise((resolve) => {
    resolve(work(...values))
  }).then(
    (value) => process.send?.({ id, value }),
    (error: unknown) => process.send?.({ id, error: String(error) }),
  )
})
process.on('disconnect', () => process.exit(0))
process.send?.({ id: 0 })
