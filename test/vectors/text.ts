import { format } from 'prettier'
import type { Vectors } from './types.ts'

/** The vectors as they stand in the file: formatted like every other file here. */
export async function textOf(vectors: Vectors): Promise<string> {
  return await format(JSON.stringify(vectors), { parser: 'json', printWidth: 110 })
}
