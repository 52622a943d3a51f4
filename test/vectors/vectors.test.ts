import { readFileSync } from 'node:fs'
import { createResourceServer } from 'oauth-resource-server'
import { describe, expect, it } from 'vitest'
import { makeVectors } from './make.ts'
import { textOf } from './text.ts'
import type { Vectors, Verdict } from './types.ts'

const text = readFileSync(new URL('vectors.json', import.meta.url), 'utf8')
const vectors = JSON.parse(text) as Vectors
const { issuer, audience, clockTolerance, now } = vectors

async function judge(jwks: Vectors['jwks'], token: string): Promise<Verdict> {
  const options = { issuer, audience, clockTolerance, jwks, now: () => now * 1000 }
  let api: ReturnType<typeof createResourceServer>
  try {
    api = createResourceServer(options as never)
  } catch {
    return 'unusable'
  }
  return await api.verify(token).then(
    () => 'accepted',
    (error: unknown) => (error as { reason: string }).reason,
  )
}

describe('the published vectors', () => {
  it('are what their seed and keys yield, byte for byte', async () => {
    expect(await textOf(makeVectors())).toBe(text)
  })

  it('have ids of their own', () => {
    const ids = [...vectors.tokens, ...vectors.keySets].map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it.each(vectors.tokens.map((vector) => [vector.id, vector.comment, vector] as const))(
    '%s %s',
    async (_id, _comment, { token, verdict }) => {
      const found = await judge(vectors.jwks, token)
      if (verdict === 'refused') expect(found).not.toBe('accepted')
      else expect(found).toBe(verdict)
    },
  )

  it.each(vectors.keySets.map((vector) => [vector.id, vector.comment, vector] as const))(
    '%s %s',
    async (_id, _comment, { jwks, token, verdict }) => {
      expect(await judge(jwks, token)).toBe(verdict)
    },
  )
})
