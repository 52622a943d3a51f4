import { decodeLeniently } from './lenient-base64url.ts'
import { readLoosely } from './loose-json.ts'
import { claimMeanings, headerMeanings, type Meaning, unknownMeaning } from './meanings.ts'
import type { Member, Part, TokenParts } from './protocol.ts'
import { shortenTokens } from './whole-tokens.ts'

/** Twice the longest token that the library accepts. Characters; the rest of a longer text is not looked at. */
const longest = 32_768

const nothing: Part = { text: '' }

/**
 * Takes a token apart, as far as it goes, and never throws. The text may be broken, cut, quoted, or stand behind
 * `Bearer`. Nothing is verified. The signature is shortened, and so is every token within a claim, so that no whole
 * token is in what is returned.
 */
export function takeApart(text: string): TokenParts {
  const { token, removed } = cleaned(text)
  const parts = partsOf(token)
  const taken = shownParts(parts)
  const problem = [...removed, ...problemOf(token, parts, taken)].join('; ')
  return { ...taken, ...momentsOf(taken.payload), ...(problem !== '' && { problem }) }
}

/** The token in a text, and what had to be removed to get at it. */
function cleaned(text: string): { readonly token: string; readonly removed: readonly string[] } {
  const removed: string[] = []
  let token = text.slice(0, longest).trim()
  if (text.length > longest) removed.push(`longer than ${longest} characters: the rest was left out`)
  const remove = (pattern: RegExp, what: string, by = ''): void => {
    const without = token.replace(pattern, by)
    if (without !== token) removed.push(what)
    token = without
  }
  remove(
    /^\s*[{[].*?(?<![\w-])(eyJ[\w-]*\.[\w-]*\.[\w-]*).*$/s,
    'what stood around the token was left out',
    '$1',
  )
  remove(/^.*?\b(?:bearer|dpop)[\s:]+/is, 'what stood before the token was left out')
  remove(/[\s\p{Cc}\p{Cf}]+/gu, 'white space and line breaks were left out')
  remove(/^["'`]+|(?<!["'`])["'`]+[,;]?$/g, 'quotes were left out')
  return { token, removed }
}

/** The parts between the dots. Where a dot is missing, a payload is found by how it begins. */
function partsOf(token: string): readonly string[] {
  const parts = token.split('.')
  const [first = '', ...others] = parts
  const payload = parts.length < 3 ? first.indexOf('eyJ', 8) : -1
  if (payload === -1) return parts
  return [first.slice(0, payload), first.slice(payload), ...others]
}

function shownParts(parts: readonly string[]): Pick<TokenParts, 'header' | 'payload' | 'signature'> {
  const [header = '', payload = '', signature = ''] = parts
  const decoded = partOf(header, headerMeanings)
  const isEncrypted = parts.length === 5
  // A text without a header has nothing that could be shown, and may be a secret as a whole.
  if (parts.length < 2 && !isObjectText(decoded)) return { header: nothing, payload: nothing, signature: '' }
  if (isEncrypted) return { header: decoded, payload: encrypted, signature: '' }
  return { header: decoded, payload: partOf(payload, claimMeanings), signature: shortened(signature) }
}

/** Whether a part begins as an object does. */
function isObjectText({ text }: Part): boolean {
  return /^\s*\{(?:\s*"|$)/.test(text)
}

const encrypted: Part = { text: '', problem: 'encrypted: only the API it is meant for can read it' }

/** What is wrong with a part that decodes: its bytes have one spelling only (RFC 4648 §3.5). */
function spellingProblem(part: string): string | undefined {
  if (/[^\w-]/.test(part)) return 'a character that base64url does not have'
  if (part.length % 4 === 1) return 'one character too many or too few'
  const isCanonical = Buffer.from(part, 'base64url').toString('base64url') === part
  return isCanonical ? undefined : 'the last character has bits that belong to no byte'
}

/** At most eight characters, and never more than a quarter of what there is. */
function shortened(signature: string): string {
  return signature === '' ? '' : `${signature.slice(0, Math.min(8, Math.floor(signature.length / 4)))}…`
}

function partOf(part: string, meanings: ReadonlyMap<string, Meaning>): Part {
  if (part === '') return { text: '', problem: 'empty' }
  const canonical = part.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
  const { text, fault } = decodeLeniently(canonical)
  const { members, text: shown, problem } = readLoosely(text)
  const problems = [
    canonical !== part && 'written in base64 instead of base64url',
    fault !== undefined && `cannot be read from character ${fault} on`,
    fault === undefined && spellingProblem(canonical),
    problem,
  ].filter((one) => typeof one === 'string')
  return {
    text: shortenTokens(shown),
    ...(members.length > 0 && { members: members.map(({ name, value }) => member(name, value, meanings)) }),
    ...(problems.length > 0 && { problem: problems.join('; ') }),
  }
}

function member(name: string, value: unknown, meanings: ReadonlyMap<string, Meaning>): Member {
  const { meaning, readBy } = meanings.get(name) ?? unknownMeaning
  return { name: shortenTokens(name), value: shortenTokens(JSON.stringify(value)), meaning, readBy }
}

function problemOf(
  token: string,
  parts: readonly string[],
  { header, signature }: Pick<TokenParts, 'header' | 'signature'>,
): readonly string[] {
  if (token === '') return ['there is no token']
  const dots = token.split('.').length - 1
  if (dots === 0 && !isObjectText(header)) {
    return ['one part without dots: an opaque token, which only its issuer can read, or no token at all']
  }
  if (dots === 4) return ['five parts: an encrypted token (JWE)']
  if (dots !== 2) return [`${countOf(dots + 1)} instead of three`]
  if (signature === '') return ['the signature is missing']
  const problem = spellingProblem(token.slice(token.lastIndexOf('.') + 1))
  return problem === undefined ? [] : [`the signature: ${problem}`]
}

function countOf(parts: number): string {
  return parts === 1 ? 'one part' : parts === 2 ? 'two parts' : `${parts} parts`
}

function momentsOf({ members = [] }: Part): Pick<TokenParts, 'expiresAt' | 'issuedAt'> {
  const numberIn = (name: string): number | undefined => {
    const value = Number(members.find((one) => one.name === name)?.value ?? NaN)
    return Number.isFinite(value) ? value : undefined
  }
  const [expiresAt, issuedAt] = [numberIn('exp'), numberIn('iat')]
  return { ...(expiresAt !== undefined && { expiresAt }), ...(issuedAt !== undefined && { issuedAt }) }
}
