import { byClaims } from './forging/claims.ts'
import { bySignature } from './forging/signatures.ts'
import type { Forgery, ForgeryMaterial } from './forging/types.ts'

export type { Forgery, ForgeryMaterial } from './forging/types.ts'

const forgers = [...bySignature, ...byClaims]

/** Every forgery, with the reason for which the library refuses it. */
export const forgeries: readonly Forgery[] = forgers.map(({ name, what, reason }) => ({ name, what, reason }))

/**
 * Makes a forged token, for real: with a key of the forger's own, or without any.
 *
 * @throws {TypeError} when there is no forgery of this name
 */
export async function forge(name: string, material: ForgeryMaterial): Promise<string> {
  const found = forgers.find((one) => one.name === name)
  if (found === undefined) throw new TypeError(`there is no forgery ${name}`)
  return found.make(material)
}
