import { generateKeyPairSync } from 'node:crypto'
import { expect, it } from 'vitest'
import { isEcPoint } from '../../src/jose/ec-point.ts'

it.each(['P-256', 'P-384', 'P-521'])('a point is told from other bytes on %s', (namedCurve) => {
  const { x, y } = generateKeyPairSync('ec', { namedCurve }).publicKey.export({ format: 'jwk' })
  const [first, second] = [x, y].map((it) => Buffer.from(it as string, 'base64url')) as [Buffer, Buffer]
  const point = Buffer.concat([Buffer.of(4), first, second])
  expect(isEcPoint(point)).toBe(true)
  for (const index of [1, first.length, first.length + 1, point.length - 1]) {
    const other = Buffer.from(point)
    other[index] = (other[index] as number) ^ 1
    expect(isEcPoint(other)).toBe(false)
  }
  expect(isEcPoint(Buffer.concat([Buffer.of(3), first, second]))).toBe(false)
  expect(isEcPoint(Buffer.concat([Buffer.of(4), second, first]))).toBe(false)
  expect(isEcPoint(point.subarray(1))).toBe(false)
  expect(isEcPoint(Buffer.concat([point, Buffer.of(0)]))).toBe(false)
})
