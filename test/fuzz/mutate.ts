import { choicesFrom, type Choices } from './choices.ts'
import type { FuzzCase } from './case.ts'
import { mutateKeys } from './mutate-keys.ts'
import { mutateMembers } from './mutate-members.ts'
import { mutateSignature } from './mutate-signature.ts'
import { mutateBytes, mutateJson, mutatePart, mutateToken } from './mutate-text.ts'
import { audience, issuer, issuerKeys, now, publishedKeys, signature } from './world.ts'

type Layer = 'none' | 'header' | 'claims' | 'json' | 'bytes' | 'part' | 'signature' | 'token' | 'keys' | 'raw'

const layers: readonly Layer[] = [
  'none',
  'claims',
  'claims',
  'claims',
  'header',
  'header',
  'json',
  'json',
  'keys',
  'keys',
  'signature',
  'part',
  'token',
  'bytes',
  'raw',
]

/** Makes the case that these bytes decide: a good token, then up to three changes at layers of their choice. */
export function caseFrom(source: Uint8Array): FuzzCase {
  const choices = choicesFrom(source)
  const story: string[] = []
  const key = choices.pick(issuerKeys)
  const alg = choices.pick(key.algorithms)
  const profile = choices.pick(['compatible', 'rfc9068'] as const)
  const rules = {
    profile,
    clockTolerance: choices.pick([0, 5, 300]),
    ...(choices.oneIn(4) ? { maxTokenAge: choices.pick([60, 3600]) } : {}),
  }
  const planned = new Set(Array.from({ length: 1 + choices.int(3) }, () => choices.pick(layers)))

  const header: Record<string, unknown> = { alg, kid: key.jwk['kid'], typ: 'at+jwt' }
  const claims: Record<string, unknown> = {
    iss: issuer,
    aud: audience,
    sub: 'user-1',
    client_id: 'client-1',
    iat: now - 30,
    exp: now + 270,
    jti: 'token-1',
    scope: 'read write',
  }
  const tell = (what: string): void => void story.push(what)
  if (planned.has('header')) mutateMembers(header, 'header', choices, tell)
  if (planned.has('claims')) mutateMembers(claims, 'claims', choices, tell)
  const texts = [JSON.stringify(header), JSON.stringify(claims)] as [string, string]
  if (planned.has('json')) change(texts, choices, (text) => mutateJson(text, choices, tell))
  const parts: [Uint8Array, Uint8Array] = [Buffer.from(texts[0]), Buffer.from(texts[1])]
  if (planned.has('bytes')) change(parts, choices, (bytes) => mutateBytes(bytes, choices, tell))
  if (planned.has('raw')) {
    tell('bytes as they come')
    parts[choices.int(2)] = choices.rest()
  }

  // What happens after this was not signed by anybody, unless the signing input stays as it was.
  const encoded = parts.map((part) => Buffer.from(part).toString('base64url')) as [string, string]
  const signs = !planned.has('part') || choices.oneIn(2)
  if (planned.has('part') && signs) change(encoded, choices, (part) => mutatePart(part, choices, tell))
  const input = encoded.join('.')
  const right = signature(alg, key.privateKey, input)
  const signed = [`${input}.${right.toString('base64url')}`]
  if (planned.has('part') && !signs) change(encoded, choices, (part) => mutatePart(part, choices, tell))
  let last = right.toString('base64url')
  const jwks = { keys: publishedKeys(key) as unknown[] }
  if (planned.has('signature')) {
    last = mutateSignature({ input, right, key, alg, choices, tell })
  }
  let token = [...encoded, last].join('.')
  if (planned.has('token')) token = mutateToken(token, choices, tell)
  const set = planned.has('keys') ? mutateKeys(jwks, { key, alg, input, choices, tell }) : { jwks }
  return { token: set.token ?? token, jwks: set.jwks, now, rules, signed, story }
}

/** Changes one of two. */
function change<T>(two: [T, T], choices: Choices, how: (one: T) => T): void {
  const which = choices.int(2)
  two[which] = how(two[which] as T)
}
