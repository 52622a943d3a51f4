import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import type * as Core from 'oauth-resource-server'
import { baselineName, root } from './baseline.ts'
import { floor, floorName } from './floor.ts'
import { authenticateOf, built, ownName } from './library.ts'
import { type Contender, type Effort, interleaved, ratio, type Spread, type Timings } from './measure.ts'
import { type Timed, timed } from './results.ts'
import { audience, commonClaims, freshRequests, requestWith, signedTokens } from './tokens.ts'

/** What requests with bound tokens take. */
export interface SenderResult {
  readonly rows: readonly Timed[]
  /** Time of a request with a proof less that of the same with a Bearer token, as a multiple of `crypto.verify`. */
  readonly beyondBearer: Spread
  /** Time of a Bearer request with `dpop` on, as a multiple of that with `dpop` off. */
  readonly bearerOn: Spread
}

const [offName, bearerName, dpopName] = [`${ownName}, Bearer`, 'Bearer, dpop on', 'DPoP'] as const
const resource = 'https://api.example.com'

/** Clients with a key each: the proofs of one of them fill a tenth of the memory at most. */
const clients = 50

/** Times requests with a token seen before: as Bearer with `dpop` off and on, and with a proof that is new each time. */
export async function senderPart(baseline: string, effort: Effort): Promise<Timings> {
  const core = await built<typeof Core>(root, 'index')
  const before = await built<typeof Core>(baseline, 'index')
  const keys = Array.from({ length: clients }, () => generateKeyPairSync('ec', { namedCurve: 'P-256' }))
  const proofs = keys.map(({ publicKey, privateKey }) => proofsOf(publicKey, privateKey))
  const signed = await signedTokens('ES256', clients)
  const { issuer, tokens } = signed
  const bound = await Promise.all(
    proofs.map(async ({ thumbprint }, index) =>
      Buffer.from(await issuer.sign({ ...commonClaims(index), cnf: { jkt: thumbprint } })),
    ),
  )
  const options = { issuer: issuer.issuer, audience, jwks: issuer.jwks }
  const withProofs = core.createResourceServer({
    ...options,
    resource,
    // Every proof of the run stays in the memory for 70 seconds.
    dpop: { replay: core.replayStore({ max: 10_000_000 }) },
  })
  const bearer = (name: string, api: object): Contender => ({
    name,
    inputs: (count) => freshRequests(tokens, count),
    call: authenticateOf(api),
  })
  let turn = 0
  return interleaved(
    [
      floor('ES256', signed),
      bearer(offName, core.createResourceServer(options)),
      bearer(`${baselineName}, Bearer`, before.createResourceServer(options)),
      bearer(bearerName, withProofs),
      {
        name: dpopName,
        inputs: (count) =>
          Array.from({ length: count }, () => {
            const client = turn++ % clients
            const token = (bound[client] as Buffer).toString('latin1')
            return dpopRequest(token, (proofs[client] as Proofs).proofFor(token))
          }),
        call: authenticateOf(withProofs),
      },
    ],
    effort,
  )
}

/** The medians, and what a proof costs. */
export function senderResult(timings: Timings): SenderResult {
  const beyond = (timings[dpopName] ?? []).map((time, round) => time - Number(timings[bearerName]?.[round]))
  return {
    rows: timed(timings),
    beyondBearer: ratio({ ...timings, beyond }, 'beyond', floorName),
    bearerOn: ratio(timings, bearerName, offName),
  }
}

interface Proofs {
  readonly thumbprint: string
  readonly proofFor: (token: string) => string
}

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const hash = (text: string): string => createHash('sha256').update(text).digest('base64url')

function proofsOf(publicKey: KeyObject, privateKey: KeyObject): Proofs {
  const { crv, kty, x, y } = publicKey.export({ format: 'jwk' })
  const jwk = { crv, kty, x, y }
  const header = part({ typ: 'dpop+jwt', alg: 'ES256', jwk })
  let count = 0
  return {
    thumbprint: hash(JSON.stringify(jwk)),
    proofFor(token) {
      const claims = {
        jti: `a-proof-of-a-common-length-${count++}`,
        htm: 'GET',
        htu: `${resource}/orders`,
        iat: Math.floor(Date.now() / 1000),
        ath: hash(token),
      }
      const input = `${header}.${part(claims)}`
      const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' })
      return `${input}.${signature.toString('base64url')}`
    },
  }
}

function dpopRequest(token: string, proof: string): ReturnType<typeof requestWith> {
  const request = requestWith(token)
  const authorization = `DPoP ${token}`
  const headers = { ...request.headers, authorization, dpop: proof }
  return { ...request, headers, rawHeaders: Object.entries(headers).flat() }
}
