import type { Actions } from '../../protocol.ts'
import { takeApart } from '../../take-apart.ts'
import { callApi } from '../calls.ts'
import type { Action } from './action.ts'
import { statusesOf } from './call.ts'

/** Takes a pasted text apart, and sends it nowhere. */
export const takeTextApart: Action<Actions['take-apart']> = (_world, _session, { text }) => {
  const parts = takeApart(text)
  return {
    summary:
      parts.problem === undefined
        ? 'Taken apart. Nothing was verified: anyone can write any claim.'
        : `Taken apart as far as it goes: ${parts.problem}.`,
    asItShouldBe: true,
    parts,
  }
}

/** Characters. Node refuses headers that are longer than 16 KiB together, before the API sees them. */
const longest = 15_000

/** Sends a pasted token to every API. */
export const paste: Action<Actions['paste']> = async (world, _session, { text }) => {
  const token = text.trim().replace(/^bearer\s+/i, '')
  const parts = takeApart(token)
  if (token === '' || token.length > longest || /[^\x21-\x7e]/.test(token)) {
    const summary = `This cannot be sent in a header: it has to be 1 to ${longest} characters of ASCII without white space.`
    return { summary, asItShouldBe: true, parts }
  }
  const route = 'GET /me'
  const calls = await Promise.all(world.apis.map((api) => callApi(world, api, { route, token })))
  return { summary: `The pasted token. ${route}: ${statusesOf(calls)}.`, asItShouldBe: true, calls, parts }
}
