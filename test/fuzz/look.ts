import type { Jwk, Reason } from 'oauth-resource-server'
import { referenceBase64url } from '../properties/reference-base64url.ts'
import { referenceJson } from '../properties/reference-json.ts'
import type { FuzzCase } from './case.ts'

/** Why ours refused: a reason of its own, or the options that could not be used at all. */
export type OurReason = Reason | 'configuration'

/** A case as a lax reader sees it, for the lists of differences; nothing here asks the code under test. */
export interface Look extends FuzzCase {
  readonly parts: readonly string[]
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
  /** Whether header and payload are what a token may have as JSON. */
  readonly strictJson: boolean
  readonly strictBase64url: boolean
  readonly keys: readonly Jwk[]
  /** Entries of the right name, or all of them where the token names none. */
  readonly named: readonly Jwk[]
  /** Entries the token may have been signed with, as far as type, name and algorithm go. */
  readonly fitting: readonly Jwk[]
}

export function look(from: FuzzCase): Look {
  const parts = from.token.split('.')
  const [header, claims] = [laxJson(parts[0]), laxJson(parts[1])]
  const read = (part: string | undefined): boolean => {
    const bytes = referenceBase64url(part ?? '')
    return bytes !== undefined && referenceJson(Uint8Array.from(bytes)) !== undefined
  }
  const keys = listOf((from.jwks as { keys?: unknown } | null)?.keys).filter(
    (entry): entry is Jwk => typeof entry === 'object' && entry !== null && !Array.isArray(entry),
  )
  const named = keys.filter((entry) => header['kid'] === undefined || entry['kid'] === header['kid'])
  return {
    ...from,
    parts,
    header,
    claims,
    strictJson: read(parts[0]) && read(parts[1]),
    strictBase64url: parts.length === 3 && parts.every((part) => referenceBase64url(part) !== undefined),
    keys,
    named,
    fitting: named.filter((entry) => fits(entry, header['alg'])),
  }
}

const types: Readonly<Record<string, string>> = { RS: 'RSA', PS: 'RSA', ES: 'EC', Ed: 'OKP' }

function fits(entry: Jwk, alg: unknown): boolean {
  const said = entry['alg']
  return (
    typeof alg === 'string' && types[alg.slice(0, 2)] === entry['kty'] && (said === undefined || said === alg)
  )
}

/** Reads as most libraries do: any base64, the last of two members. */
function laxJson(part = ''): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString())
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
