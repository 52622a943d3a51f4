import { createHmac, generateKeyPair, type KeyObject, randomBytes, sign } from 'node:crypto'
import { promisify } from 'node:util'
import type { JSONWebKeySet } from 'jose'
import { createResourceServer, isAuthError, type ResourceServer } from 'oauth-resource-server'
import { compact, hmacSigned, inputOf, type JsonObject, opened } from './forging/tools.ts'
import type { AlgorithmFacts } from './protocol.ts'

/** RS256 beside HS256. */
export interface Comparison {
  readonly facts: readonly AlgorithmFacts[]
  /** In one or two sentences. */
  readonly summary: string
  /** Whether everything that was tried came out as it has to. */
  readonly asItShouldBe: boolean
}

const issuer = 'https://issuer.example'
const audience = 'https://reports.example'

/** Secrets that stand in examples and tutorials. A real list has millions of lines. */
const wellKnownSecrets = ['password', '123456', 'changeme', 'your-256-bit-secret', 'jwt-secret', 'secret']

/**
 * Shows who can verify and who could forge, by doing it: with keys made for this, two APIs check a token of the
 * authorization server, and one of them tries to make a token that the other one accepts.
 */
export async function compareAlgorithms(): Promise<Comparison> {
  const [rsa, hmac, guessed] = [await tryRsa(), await tryHmac(), guess()]
  return {
    facts: [
      {
        algorithm: 'RS256',
        signedBy: 'The authorization server alone has the private key.',
        canVerify: ['Everyone: the public key is published', 'Express, Fastify and Koa among them'],
        couldForge: ['The authorization server'],
        tried: `Both APIs accepted the token of the authorization server: ${yes(rsa.accepted)}. Express then forged a token for an admin with all that it has, the public key. As an RSA key it cannot sign (${rsa.signing}); as the secret of HS256 it can, and Koa refused that token (${rsa.forged}).`,
      },
      {
        algorithm: 'HS256',
        signedBy: 'The authorization server and every API have the same secret.',
        canVerify: ['Only who has the secret: each API needs it'],
        couldForge: [
          'The authorization server',
          'Express',
          'Fastify',
          'Koa',
          'Whoever takes the secret from one of them',
        ],
        tried: `Both APIs accepted the token of the authorization server: ${yes(hmac.accepted)}. Express then forged a token for an admin with the secret that it has for verifying, and Koa took it: ${hmac.forged}. A secret of a tutorial was found from one token in ${guessed.tries} tries (${guessed.milliseconds} ms, without asking anyone), and the library does not even start with it: ${guessed.refusal}.`,
      },
    ],
    summary:
      'With RS256 an API that is broken into can read what it is sent; with HS256 it can be anyone, at every API. So HS256 is for a program that signs and verifies by itself.',
    asItShouldBe:
      rsa.accepted &&
      rsa.forged === 'algorithm' &&
      hmac.accepted &&
      hmac.forged === 'admin' &&
      guessed.refusal !== undefined,
  }
}

const yes = (value: boolean): string => (value ? 'yes' : 'no')

function claims(roles: readonly string[]): JsonObject {
  const iat = Math.floor(Date.now() / 1000)
  return { iss: issuer, aud: audience, sub: 'mallory', client_id: 'web', iat, exp: iat + 60, roles }
}

async function tryRsa(): Promise<{ accepted: boolean; signing: string; forged: string }> {
  const { publicKey, privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
  const jwk = { ...publicKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig', kid: 'one' }
  const jwks = { keys: [jwk] } as JSONWebKeySet
  const [express, koa] = [1, 2].map(() => createResourceServer({ issuer, audience, jwks })) as [Api, Api]
  const header = { alg: 'RS256', typ: 'at+jwt', kid: 'one' }
  const token = rsaSigned(header, claims(['reader']), privateKey)

  // A public key fits nowhere where something is signed.
  const signing = attempt(() => rsaSigned(header, claims(['admin']), publicKey))
  const pem = publicKey.export({ format: 'pem', type: 'spki' }).toString()
  const forged = hmacSigned({ ...header, alg: 'HS256' }, claims(['admin']), pem)
  return {
    accepted: await bothAccept([express, koa], token),
    signing,
    forged: await rolesOrReason(koa, forged),
  }
}

async function tryHmac(): Promise<{ accepted: boolean; forged: string }> {
  const secret = randomBytes(32).toString('base64url')
  const [express, koa] = [1, 2].map(() => createResourceServer({ issuer, audience, secret })) as [Api, Api]
  const header = { alg: 'HS256', typ: 'at+jwt' }
  const token = hmacSigned(header, claims(['reader']), secret)
  const forged = hmacSigned(header, claims(['admin']), secret)
  return { accepted: await bothAccept([express, koa], token), forged: await rolesOrReason(koa, forged) }
}

/** Finds a secret from one token, and tries to configure an API with it. */
function guess(): { tries: number; milliseconds: number; refusal: string | undefined } {
  const token = hmacSigned({ alg: 'HS256' }, claims([]), 'secret')
  const input = token.slice(0, token.lastIndexOf('.'))
  const { signature } = opened(token)
  const start = performance.now()
  const found = wellKnownSecrets.findIndex((word) =>
    createHmac('sha256', word).update(input).digest().equals(signature),
  )
  const milliseconds = Math.ceil(performance.now() - start)
  const secret = wellKnownSecrets[found] ?? ''
  const refusal = attempt(() => createResourceServer({ issuer, audience, secret }))
  return { tries: found + 1, milliseconds, refusal: refusal === 'nothing failed' ? undefined : refusal }
}

type Api = ResourceServer<never>

async function bothAccept(apis: readonly Api[], token: string): Promise<boolean> {
  const answers = await Promise.all(apis.map((api) => rolesOrReason(api, token)))
  return answers.every((answer) => answer === 'reader')
}

/** The roles of an accepted token, or why it was refused. */
async function rolesOrReason(api: Api, token: string): Promise<string> {
  try {
    const { roles } = await api.verify(token)
    return [...roles].join(' ')
  } catch (error) {
    if (isAuthError(error)) return error.reason
    throw error
  }
}

function rsaSigned(header: JsonObject, payload: JsonObject, key: KeyObject): string {
  return compact(header, payload, sign('sha256', Buffer.from(inputOf(header, payload)), key))
}

/** The first sentence of what went wrong. */
function attempt(act: () => unknown): string {
  try {
    act()
    return 'nothing failed'
  } catch (error) {
    return error instanceof Error ? (error.message.split(';')[0] ?? '') : String(error)
  }
}
