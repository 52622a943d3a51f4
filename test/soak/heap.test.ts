import { getHeapSnapshot } from 'node:v8'
import { createResourceServer } from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'

/** How a token ends: as bytes outside the heap, so that looking for it does not put it there. */
type Ending = Buffer

const issuer = await createTestIssuer({ algorithms: ['EdDSA'] })
const api = createResourceServer({ ...issuer.options })

/** Presents new tokens twice each, and forgets them. */
async function present(count: number): Promise<Ending[]> {
  const endings: Ending[] = []
  for (let index = 0; index < count; index++) {
    const token = await issuer.sign({ jti: `token-${index}` })
    await api.verify(token)
    const headers = { authorization: `Bearer ${token}` }
    await api.authenticate({ headers, rawHeaders: ['Authorization', headers.authorization] })
    endings.push(Buffer.from(token.slice(-40)))
  }
  return endings
}

/** How many of the tokens the heap holds as text. */
async function foundInHeap(endings: readonly Ending[]): Promise<number> {
  const chunks: Buffer[] = []
  for await (const chunk of getHeapSnapshot()) chunks.push(Buffer.from(chunk as Buffer))
  const snapshot = Buffer.concat(chunks)
  return endings.filter((ending) => snapshot.includes(ending)).length
}

describe('a heap dump', () => {
  it('is no bag of credentials: of remembered tokens it contains none', { timeout: 60_000 }, async () => {
    const endings = await present(50)
    expect(await foundInHeap(endings)).toBe(0)
    const held = await issuer.sign()
    expect(await foundInHeap([Buffer.from(held.slice(-40))]), 'one that someone holds').toBe(1)
    expect(await api.verify(held)).toBeDefined()
  })
})
