import type { Jwk } from 'oauth-resource-server'
import { referenceBase64url } from '../properties/reference-base64url.ts'
import type { Look, OurReason } from './look.ts'

/** One way in which we refuse what jose accepts, told so that it can be recognised without our code. */
export interface Difference {
  readonly what: string
  readonly why: string
  /** What ours says of it. */
  readonly reasons: readonly OurReason[]
  readonly holds: (look: Look) => boolean
}

/** Everything we refuse although jose, told the same rules, accepts it. A refusal for any other reason is a bug. */
export const stricterThanJose: readonly Difference[] = [
  {
    what: 'a part that is not canonical base64url: padding, white space, another alphabet, stray bits',
    why: 'one token would have several spellings, and caches, revocation and replay checks go by spelling',
    reasons: ['malformed'],
    holds: ({ strictBase64url }) => !strictBase64url,
  },
  {
    what: 'JSON with a repeated member, a member __proto__, a byte order mark, half a surrogate pair, or nesting beyond 32',
    why: 'two readers of one token could see two different claims (RFC 8259 §4), take a claim for a prototype, or run out of stack',
    reasons: ['malformed'],
    holds: ({ strictJson }) => !strictJson,
  },
  {
    what: 'a token longer than 16384 characters',
    why: 'it would not fit into the headers most servers accept, and costs before anybody is known',
    reasons: ['too_large'],
    holds: ({ token }) => token.length > 16_384,
  },
  {
    what: 'b64 or enc in the header, or crit with what jose understands',
    why: 'they change what the other parts mean, and access tokens have no use for them (RFC 7515 §4.1.11)',
    reasons: ['malformed'],
    holds: ({ header }) => ['crit', 'b64', 'enc'].some((name) => Object.hasOwn(header, name)),
  },
  {
    what: 'a kid that is no text, or longer than 256 characters',
    why: 'RFC 7515 §4.1.4 wants text; a key id is looked up before anything is verified',
    reasons: ['malformed'],
    holds: ({ header: { kid } }) => kid !== undefined && (typeof kid !== 'string' || kid.length > 256),
  },
  {
    what: 'a cty that is no text, or says that another token is inside',
    why: 'a nested token would be checked by its envelope (RFC 7519 §5.2)',
    reasons: ['malformed'],
    holds: ({ header: { cty } }) =>
      cty !== undefined && (typeof cty !== 'string' || /^(application\/)?jwt$/i.test(cty)),
  },
  {
    what: 'a typ other than at+jwt, JWT or none',
    why: 'another kind of token of the same issuer (RFC 8725 §3.11); jose was told of no typ, as it takes one only',
    reasons: ['type'],
    holds: ({ header: { typ } }) =>
      typ !== undefined && (typeof typ !== 'string' || !/^(application\/)?(at\+)?jwt$/i.test(typ)),
  },
  {
    what: 'claims of ID tokens, logout tokens, presentations and introspection answers',
    why: 'what is meant for another recipient must not open this API (RFC 8725 §3.12)',
    reasons: ['type'],
    holds: ({ claims }) =>
      ['nonce', 'at_hash', 'c_hash', 's_hash', 'events', 'vp', 'token_introspection'].some((name) =>
        Object.hasOwn(claims, name),
      ) ||
      (claims['token_use'] !== undefined && claims['token_use'] !== 'access') ||
      ['ID', 'Refresh', 'Offline'].includes(claims['typ'] as string),
  },
  {
    what: 'an aud list with something else than text in it',
    why: 'a claim of the wrong type is a refusal, never passed over (RFC 7519 §4.1.3)',
    reasons: ['audience'],
    holds: ({ claims: { aud } }) => Array.isArray(aud) && aud.some((name) => typeof name !== 'string'),
  },
  {
    what: 'a date that is negative, infinite, or beyond what a Date can hold',
    why: 'exp: 1e400 parses as Infinity, and the token would never expire',
    reasons: ['claim'],
    holds: ({ claims }) =>
      ['exp', 'nbf', 'iat'].some((name) => {
        const value = claims[name]
        return typeof value === 'number' && (value < 0 || value > 8.64e12)
      }),
  },
  {
    what: 'an exp more than a century ahead',
    why: 'it is in milliseconds, and the token would never expire',
    reasons: ['claim'],
    holds: ({ claims: { exp }, now }) => typeof exp === 'number' && exp - now > 3_155_760_000,
  },
  {
    what: 'iat in the future',
    why: 'a clock is wrong or the token was made up; jose looks at iat only for maxTokenAge',
    reasons: ['not_yet_valid'],
    holds: ({ claims: { iat }, now, rules }) => typeof iat === 'number' && iat > now + rules.clockTolerance,
  },
  {
    what: 'a token issued after its end, or valid only from then on',
    why: 'it is never valid without tolerance: whoever wrote it erred',
    reasons: ['claim'],
    holds: ({ claims }) =>
      ['iat', 'nbf'].some((name) => (claims[name] as number) > (claims['exp'] as number)),
  },
  {
    what: 'a registered claim of the wrong type',
    why: 'decisions depend on these claims, and one of another type is a mistake, not an absent claim',
    reasons: ['claim'],
    holds: ({ claims }) =>
      ['sub', 'jti', 'client_id', 'azp', 'cid', 'appid', 'sid'].some(
        (name) => Object.hasOwn(claims, name) && typeof claims[name] !== 'string',
      ) || ['cnf', 'act'].some((name) => Object.hasOwn(claims, name) && !isObject(claims[name])),
  },
  {
    what: 'an empty sub under profile rfc9068',
    why: 'RFC 9068 §2.2 wants a subject, and an empty one would be everybody',
    reasons: ['claim'],
    holds: ({ claims, rules }) => rules.profile === 'rfc9068' && claims['sub'] === '',
  },
  {
    what: 'a scope or scp claim that is neither text nor a list of texts, also where the other one is read',
    why: 'reading it as no scope would hide the mistake, reading it otherwise would invent rights',
    reasons: ['claim'],
    holds: ({ claims }) =>
      ['scope', 'scp'].some((name) => {
        const scope = Object.hasOwn(claims, name) ? claims[name] : undefined
        return scope !== undefined && typeof scope !== 'string' && !isTextList(scope)
      }),
  },
  {
    what: 'a token bound to a key, without its proof',
    why: 'whoever sends it as a plain Bearer token may have stolen it (RFC 7800 §3.1)',
    reasons: ['binding'],
    holds: ({ claims }) => Object.hasOwn(claims, 'cnf'),
  },
  {
    what: 'a key that is private, of odd size, exponent or order, not canonically written, or meant for other things too',
    why: 'such a key lets anybody sign, or is not what the issuer meant to publish (RFC 7517 §4, RFC 7518 §6)',
    reasons: ['unknown_key', 'algorithm', 'configuration'],
    holds: ({ fitting }) => fitting.some(isUnfit),
  },
  {
    what: 'a key without use or key_ops in a set that has encryption keys',
    why: 'nothing says which of the two it is for (RFC 8414 §2)',
    reasons: ['unknown_key', 'algorithm', 'configuration'],
    holds: ({ keys, fitting }) =>
      keys.some(({ use }) => use === 'enc') &&
      fitting.some(({ use, key_ops }) => use === undefined && key_ops === undefined),
  },
]

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isTextList(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function isUnfit(entry: Jwk): boolean {
  const { kid, use, key_ops: operations, n, e } = entry
  if (['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'].some((name) => Object.hasOwn(entry, name)))
    return true
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > 256)) return true
  if (use !== undefined && use !== 'sig') return true
  if (operations !== undefined && JSON.stringify(operations) !== '["verify"]') return true
  const material = ['n', 'e', 'x', 'y'].map((name) => entry[name]).filter((value) => value !== undefined)
  if (material.some((value) => typeof value !== 'string' || referenceBase64url(value) === undefined))
    return true
  if (entry['kty'] !== 'RSA') return isOddPoint(entry)
  const [modulus, exponent] = [numberOf(n), numberOf(e)]
  const bits = modulus.toString(2).length
  return (
    bits < 2048 ||
    bits > 8192 ||
    modulus % 2n === 0n ||
    exponent < 3n ||
    exponent % 2n === 0n ||
    exponent >= 2n ** 32n
  )
}

const coordinateLength: Readonly<Record<string, number>> = {
  'P-256': 32,
  'P-384': 48,
  'P-521': 66,
  Ed25519: 32,
}

/** A coordinate of another length than its field's (RFC 7518 §6.2.1.2), or the neutral element of edwards25519. */
function isOddPoint({ crv, x, y }: Jwk): boolean {
  const coordinates = [x, y]
    .filter((value) => value !== undefined)
    .map((value) => Buffer.from(value as string, 'base64url'))
  if (coordinates.some(({ length }) => length !== coordinateLength[crv as string])) return true
  return crv === 'Ed25519' && coordinates[0]?.equals(Buffer.concat([Buffer.of(1), Buffer.alloc(31)])) === true
}

function numberOf(text: unknown): bigint {
  return BigInt(`0x0${Buffer.from(text as string, 'base64url').toString('hex')}`)
}
