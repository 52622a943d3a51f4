import { createPublicKey, generateKeyPairSync, type JsonWebKey, randomBytes } from 'node:crypto'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createVerifier } from 'fast-jwt'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { createResourceServer } from 'oauth-resource-server'
import { audience } from '../tokens.ts'

/** How long the event loop was held up while 64 clients sent badly signed tokens as fast as they could. */
export interface FloodResult {
  readonly key: string
  readonly name: string
  readonly refusedPerSecond: number
  /** Milliseconds. */
  readonly median: number
  readonly p99: number
  readonly max: number
}

const issuer = 'https://id.example.com/'
const clients = 64

interface FloodKey {
  readonly name: string
  readonly alg: string
  readonly jwk: JsonWebKey
  readonly signatureLength: number
}

export async function floodPart(milliseconds: number): Promise<readonly FloodResult[]> {
  const results: FloodResult[] = []
  for (const key of [rsa(2048), rsa(4096), rsa(8192), p521()]) {
    const token = badToken(key)
    const jwk = { ...key.jwk, alg: key.alg, kid: 'heavy', use: 'sig' }
    const api = createResourceServer({ issuer, audience, jwks: { keys: [jwk] } })
    const fastJwt = createVerifier({
      key: createPublicKey({ key: key.jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' }) as string,
      algorithms: [key.alg as 'RS256'],
    })
    const keys = createLocalJWKSet({ keys: [jwk] })
    const contenders = {
      'this library': () => api.verify(token),
      'fast-jwt': () => fastJwt(token) as unknown,
      jose: () => jwtVerify(token, keys),
    }
    for (const [name, verify] of Object.entries(contenders)) {
      await flood(verify, milliseconds / 4)
      results.push({ key: key.name, name, ...(await flood(verify, milliseconds)) })
    }
  }
  return results
}

async function flood(
  verify: () => unknown,
  milliseconds: number,
): Promise<Omit<FloodResult, 'key' | 'name'>> {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  const start = performance.now()
  let refused = 0
  delay.enable()
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (performance.now() - start < milliseconds) {
        // Each request is an event of its own, as those of a socket are.
        await new Promise((resolve) => setImmediate(resolve))
        try {
          await verify()
          throw new Error('a bad signature was accepted')
        } catch (error) {
          if ((error as Error).message === 'a bad signature was accepted') throw error
          refused++
        }
      }
    }),
  )
  delay.disable()
  return {
    refusedPerSecond: refused / ((performance.now() - start) / 1000),
    median: delay.percentile(50) / 1e6,
    p99: delay.percentile(99) / 1e6,
    max: delay.max / 1e6,
  }
}

/** An odd number of the right length is all that a check which must fail needs for a modulus. */
function rsa(bits: number): FloodKey {
  const modulus = randomBytes(bits / 8)
  modulus[0] = 0xff
  modulus[modulus.length - 1] = 0xff
  const jwk = { kty: 'RSA', n: modulus.toString('base64url'), e: 'AQAB' }
  return { name: `RSA ${bits}`, alg: 'RS256', jwk, signatureLength: bits / 8 }
}

function p521(): FloodKey {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-521' })
  return { name: 'P-521', alg: 'ES512', jwk: publicKey.export({ format: 'jwk' }), signatureLength: 132 }
}

function badToken({ alg, signatureLength }: FloodKey): string {
  const now = Math.floor(Date.now() / 1000)
  const header = { alg, kid: 'heavy', typ: 'at+jwt' }
  const payload = {
    iss: issuer,
    aud: audience,
    sub: 'user-1',
    client_id: 'client-1',
    iat: now,
    exp: now + 7200,
  }
  const signature = randomBytes(signatureLength)
  // Smaller than the modulus or the order of the curve in each half, so that the whole check is done.
  signature[0] = 0
  signature[signatureLength / 2] = 0
  return [header, payload, undefined]
    .map((part) => (part === undefined ? signature : Buffer.from(JSON.stringify(part))).toString('base64url'))
    .join('.')
}
