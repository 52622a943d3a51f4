import type { Part, TokenParts } from '../protocol.ts'

/** Placeholder until `take-apart.ts` is there. */
export function takeApart(token: string): TokenParts {
  const [header = '', payload = '', signature = ''] = token.split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { exp?: number; iat?: number }
  return {
    header: partOf(header),
    payload: partOf(payload),
    signature: `${signature.slice(0, 8)}…`,
    ...(claims.exp !== undefined && { expiresAt: claims.exp }),
    ...(claims.iat !== undefined && { issuedAt: claims.iat }),
  }
}

function partOf(part: string): Part {
  const text = Buffer.from(part, 'base64url').toString()
  const members = Object.entries(JSON.parse(text) as object).map(([name, value]) => ({
    name,
    value: JSON.stringify(value),
    meaning: '',
    readBy: [],
  }))
  return { text, members }
}
